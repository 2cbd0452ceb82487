"""When jobs run: the next times, and schedules for cron and systemd."""
