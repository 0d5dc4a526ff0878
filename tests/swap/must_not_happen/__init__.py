"""Mishaps that users of other tools suffer from must not happen here. Each module and test is named after one.

 6. The old color is stopped before traffic has converged: requests go to what is no more.
 7. Gates are bypassed: nobody was live, the preview was shifted too early, the gate was not understood or not run.
 8. Stuck states that only a deletion gets anybody out of.
 9. A rollback runs the whole flow again, while production burns.
10. A "rollback" that sends traffic to the broken side.
11. The new color starts at the declared count, and not at what autoscaling has made of the live one.
12. Long-lived requests and sticky clients are cut off.
13. A slow swap is called done before it is.
14. An interruption leaves pending operations, or something else that a person has to tidy up.

The real thing under load is in tests/e2e/test_clients.py; every call that fails, one by one, in
tests/swap/test_interruptions.py.
"""

import pytest

pytest.register_assert_rewrite(f"{__name__}.situations")
