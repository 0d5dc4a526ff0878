"""The rules for every gate, router, capacity, metric source and notifier, for a package of one's own to run.

A rule is a function of a case; it raises ``AssertionError`` with what is wrong. With pytest::

    from bluegreen.testing.gates import RULES, GateCase

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_the_queue_gate_keeps_the_contract(rule):
        rule(GateCase({"kind": "queue", "most": 50}))

Everything here is of the standard library: no rule needs pytest, nor a cloud.
"""
