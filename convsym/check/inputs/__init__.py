"""What a model is checked with: the specs of its inputs.

They come from the first of these that speaks of the model, one file each:

    (the request)     specs that the caller or the configuration gives
    comment.py        `# convsym: N 3 H W` at the class
    annotations.py    jaxtyping and its like on the forward
    self_test.py      `if __name__ == "__main__": net(torch.randn(1, 3, 64, 64))`, read and not run
    counters.py       `summary(net, (3, 64, 64))` and its like there
    docstring.py      "Input: (N, C, L)"
    ranks.py          the first layers and the names of the forward's parameters; every size is left open

The first three are statements: a model that fails with them is wrong. The others are guesses: one that the model does
not run with says nothing by itself.
"""
