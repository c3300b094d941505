"""Makes the plug-in and its recorded calls importable where it is not installed."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "tests")]

# Beside some builds of torch, torchvision can only be imported as tests/recorded.py does.
collect_ignore = ["convsym_torchvision"]
