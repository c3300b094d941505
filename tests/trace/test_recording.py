import torch

from convsym.graph.tensor import Tensor
from convsym.trace.recording import Recording

IMAGE = Tensor((2, 3, 8, 8), torch.float32)


def called(*paths: str) -> Recording:
    recording = Recording()
    for path in paths:
        recording.layer_called(path, IMAGE, IMAGE, "Conv2d")
    return recording


def indices(recording: Recording) -> list[tuple[str, int]]:
    return [(layer.path, layer.index) for layer in recording.layers]


def test_a_layer_that_is_called_again_is_numbered():
    assert indices(called("a", "b", "a")) == [("a", 0), ("b", 0), ("a", 1)]


def test_after_a_cut_layers_are_numbered_as_if_the_rest_had_never_run():
    recording = called("a")
    mark = recording.mark()
    recording.layer_called("a", IMAGE, IMAGE, "Conv2d")
    recording.cut(mark)
    recording.layer_called("a", IMAGE, IMAGE, "Conv2d")
    assert indices(recording) == [("a", 0), ("a", 1)]


def test_what_was_cut_can_be_put_back():
    recording = called("a")
    mark = recording.mark()
    recording.layer_called("b", IMAGE, IMAGE, "Conv2d")
    since = recording.since(mark)
    recording.cut(mark)
    recording.extend(since)
    recording.layer_called("b", IMAGE, IMAGE, "Conv2d")
    assert indices(recording) == [("a", 0), ("b", 0), ("b", 1)]
