"""The requests of a run, answered in processes of their own, so that no file can harm another one or the run.

pool.py      (here)       hands requests out, collects answers, and ends whoever takes too long or too much
server.py    (a process)  has torch loaded, and forks a worker for each request
job.py       (a fork)     answers one request, step by step
answers.py                what a worker says, read without waiting for it
interpreter.py            the Python that the server runs in: this one, or the project's own
"""
