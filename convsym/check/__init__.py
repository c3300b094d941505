"""Files in, diagnostics out.

A run goes one way, and each step has its file:

    paths.py      what was asked for: files, folders, one model of a file
    request.py    one file to be examined, and how: all that a worker is told
    workers.py    the requests, spread over processes
    examine.py    one request, answered: the only part that imports torch
      discovery.py  the models of a file
      survey.py     all of them in turn: those that somebody says how to build (told.py), and the others (untold.py)
      arguments/    how the others may be built
      inputs/       what they may be given
    results.py    what came of it: models checked and not checked, diagnostics
    settle.py     the diagnostics that count: selection, suppression, baseline
    run.py        all of it: `check_paths`

Importing any of these but examine.py and what it needs imports neither torch nor sympy.
"""
