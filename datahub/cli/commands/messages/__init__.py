"""Messages that came in to start jobs, and that go out to tell others: looked at, taken up again, sent."""
