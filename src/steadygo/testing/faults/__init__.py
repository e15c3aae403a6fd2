"""Faults on purpose: a TCP proxy in front of declared dependencies. Words, addresses and schedules are pure; `proxy` alone has sockets."""
