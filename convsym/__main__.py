"""`python -m convsym` is the `convsym` command."""

from convsym.cli import main

if __name__ == "__main__":
    main()
