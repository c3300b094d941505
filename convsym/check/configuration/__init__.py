"""`[tool.convsym]` in pyproject.toml.

keys.py       the keys: one line for each, with what it takes and what it means
values.py     what a key may take, and the sentence where it takes something else
pyproject.py  the file that a run is configured by
patterns.py   which files a pattern means
"""
