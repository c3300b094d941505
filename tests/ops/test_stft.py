"""Short-time Fourier transforms against eager torch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.oracle import agree

PATIENT = settings(deadline=None, max_examples=150)
MAYBE = st.sampled_from([None, 0, 1, 2, 3, 4, 6])


@pytest.mark.filterwarnings("ignore:A window was not provided")
@PATIENT
@given(
    st.data(), st.sampled_from([[9], [2, 9], [2, 20], [3], [1, 2, 9]]), st.integers(1, 9), MAYBE, MAYBE, st.booleans()
)
def test_stft(
    data: st.DataObject, shape: list[int], n_fft: int, hop: int | None, win: int | None, center: bool
) -> None:
    length = n_fft if win is None else win
    window = data.draw(st.sampled_from([None, torch.ones(length), torch.ones(length + 1)]))
    onesided = data.draw(st.sampled_from([None, True, False]))
    kind = data.draw(st.sampled_from([torch.float32, torch.float32, torch.complex64, torch.int64]))
    options = {
        "pad_mode": data.draw(st.sampled_from(["reflect", "constant", "replicate", "circular"])),
        "center": center,
        "onesided": onesided,
        "return_complex": data.draw(st.sampled_from([True, True, False, None])),
    }
    agree(torch.stft, torch.ones(shape, dtype=kind), n_fft, hop, win, window, **options)


@PATIENT
@given(
    st.data(),
    st.lists(st.integers(1, 3), max_size=1),
    st.integers(2, 8),
    st.integers(1, 6),
    st.sampled_from([None, 1, 2, 3]),
    st.booleans(),
)
def test_istft(data: st.DataObject, batch: list[int], n_fft: int, frames: int, hop: int | None, center: bool) -> None:
    onesided = data.draw(st.sampled_from([None, True, False]))
    bins = n_fft if onesided is False else n_fft // 2 + 1
    x = torch.ones(*batch, bins + data.draw(st.sampled_from([0, 0, 0, 1])), frames, dtype=torch.complex64)
    length = data.draw(st.sampled_from([None, None, 5]))
    # Where nothing is left of the signal torch looks at its elements, which is no matter of shapes.
    left = n_fft + (hop if hop is not None else n_fft // 4) * (frames - 1) - (2 * (n_fft // 2) if center else 0)
    if left > 0:
        agree(torch.istft, x, n_fft, hop, None, torch.ones(n_fft), center, onesided=onesided, length=length)
