"""CS002: failing-import."""

from __future__ import annotations

from convsym.rules.rule import Rule


class FailingImport(Rule):
    """A statement that a model needs fails while the file is loaded.

    What it finds:

    An import or another top-level statement that raises, where a model cannot be built without the names that it
    makes. Statements that no model needs are not executed, and imports that fail are passed over as long as nothing
    uses them.

    Why it matters:

    The model cannot be built where the check runs. Often a package is missing there.

    Bad::

        import no_such_package


        class Net(no_such_package.Base):
            input = "N 3 H W"

    Good::

        try:
            import no_such_package
        except ImportError:
            no_such_package = None


        class Net(nn.Identity):
            input = "N 3 H W"
    """

    code = "CS002"
    name = "failing-import"
    help = "install what is missing, or mend the statement"
