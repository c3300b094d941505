"""Reports that are known already: what went into them is as it was.

    store.py    where they are kept, and safely
    keys.py     what went into a report: the request, the file, the environment
    records.py  reports as JSON

A run that finds all its reports here imports no torch.
"""
