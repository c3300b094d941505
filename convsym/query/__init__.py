"""Questions about an analysis, in a small language: values, largest and smallest sizes, sets of sizes, claims.

    flops at N=1, H=W=224
    layer1.0.conv1.output.shape
    largest N with H = W = 512 and peak memory at most 16 GiB
    all H, W where output = 7x7
    output.shape == input.shape

`question.py` reads what is asked, `wording.py` turns words and units into Python's arithmetic, `reading.py` and
`scope.py` say what names stand for, `asking.py` finds the answers, and `answers.py` is what they are. Python's own
parser reads the expressions; nothing is ever evaluated as code.
"""

from convsym.query.asking import ask, values
from convsym.query.question import QuestionError

__all__ = ["QuestionError", "ask", "values"]
