"""Edits that mend what was found: where the value is written, whether the edit helps, and the file with it.

No tensors and no torch: a literal is looked for in the source alone, and whoever checks says whether it helped.
"""
