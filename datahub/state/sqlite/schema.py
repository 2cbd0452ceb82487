"""The tables of the ledger, version by version; a version that was released is never changed, only followed."""

from __future__ import annotations

APPLICATION = 0x64686D31
"""What SQLite keeps in the head of the file to tell a ledger from any other database."""

VERSIONS: tuple[str, ...] = (
    # 1
    """
    CREATE TABLE hub (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, created_with TEXT NOT NULL);
    CREATE TABLE switch (job TEXT PRIMARY KEY, turned_on INTEGER NOT NULL);
    CREATE TABLE lease (
      scope TEXT PRIMARY KEY, epoch INTEGER NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL,
      started TEXT NOT NULL, expires REAL NOT NULL, beat TEXT NOT NULL
    );
    CREATE TABLE run (
      id TEXT PRIMARY KEY, job TEXT NOT NULL, kind TEXT NOT NULL, fire_at TEXT NOT NULL, status TEXT NOT NULL, as_of TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 0, plan TEXT NOT NULL DEFAULT '', generation INTEGER NOT NULL DEFAULT 0,
      input_digest TEXT NOT NULL DEFAULT '', parameters TEXT NOT NULL DEFAULT '{}', started TEXT, ended TEXT, not_before TEXT,
      read INTEGER NOT NULL DEFAULT 0, written INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
      filtered INTEGER NOT NULL DEFAULT 0, merged INTEGER NOT NULL DEFAULT 0, empty INTEGER NOT NULL DEFAULT 0,
      looked_up INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
      cancel TEXT NOT NULL DEFAULT '', approved INTEGER NOT NULL DEFAULT 0, scope TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX run_by_job ON run (job, status);
    CREATE INDEX run_by_status ON run (status);
    CREATE INDEX run_input ON run (job, input_digest) WHERE status = 'success';
    CREATE TABLE fire (
      job TEXT NOT NULL, kind TEXT NOT NULL, fire_at TEXT NOT NULL, key TEXT NOT NULL, run TEXT NOT NULL, recorded TEXT NOT NULL,
      PRIMARY KEY (job, kind, fire_at, key)
    ) WITHOUT ROWID;
    CREATE TABLE item (
      id INTEGER PRIMARY KEY, place TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
      status TEXT NOT NULL, staged TEXT NOT NULL, fingerprint TEXT NOT NULL, split TEXT NOT NULL,
      crashes INTEGER NOT NULL DEFAULT 0, changed TEXT NOT NULL, UNIQUE (place, name, sha256)
    );
    CREATE INDEX item_by_content ON item (place, sha256);
    CREATE TABLE taken (
      run TEXT NOT NULL, item INTEGER NOT NULL, source TEXT NOT NULL, position INTEGER NOT NULL, disposed INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (run, source, item)
    ) WITHOUT ROWID;
    CREATE TABLE batch (
      run TEXT NOT NULL, target TEXT NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
      key TEXT NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
      answer TEXT NOT NULL DEFAULT '', PRIMARY KEY (run, target, number)
    ) WITHOUT ROWID;
    CREATE INDEX batch_by_key ON batch (key, state);
    CREATE TABLE out_file (
      run TEXT NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL, rendered TEXT NOT NULL, rows INTEGER NOT NULL,
      sha256 TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, receipt TEXT NOT NULL, PRIMARY KEY (run, target, name)
    ) WITHOUT ROWID;
    CREATE TABLE planned (run TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE position (scope TEXT NOT NULL, stream TEXT NOT NULL, value TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (scope, stream))
      WITHOUT ROWID;
    CREATE TABLE proposed (run TEXT NOT NULL, scope TEXT NOT NULL, stream TEXT NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (run, scope, stream)) WITHOUT ROWID;
    CREATE TABLE rejects (
      run TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL, codes TEXT NOT NULL,
      replayed_as TEXT NOT NULL DEFAULT '', PRIMARY KEY (run, source)
    ) WITHOUT ROWID;
    CREATE TABLE message (
      box TEXT NOT NULL, id TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
      body BLOB NOT NULL, received TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, not_before TEXT,
      reason TEXT NOT NULL DEFAULT '', claimed TEXT, number INTEGER PRIMARY KEY AUTOINCREMENT, UNIQUE (box, id)
    );
    CREATE INDEX message_next ON message (box, channel, state, number);
    CREATE INDEX message_of_key ON message (box, channel, key, number) WHERE key <> '' AND state IN ('new', 'claimed');
    CREATE TABLE snapshot (entity TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, last_count INTEGER NOT NULL,
      run TEXT NOT NULL);
    CREATE TABLE audit (at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL);
    """,
    # What decides whether a message is older than one that was done.
    """
    CREATE INDEX message_version ON message (box, channel, key, version) WHERE key <> '' AND version <> '';
    """,
    # Rows that entered a status, once each, and receivers of messages that want no more.
    """
    CREATE TABLE entry (
      number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, entity TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL,
      again TEXT NOT NULL, sha256 TEXT NOT NULL, row INTEGER NOT NULL, run TEXT NOT NULL,
      at TEXT NOT NULL, UNIQUE (job, entity, key, status, again)
    );
    CREATE INDEX entry_next ON entry (job, entity, number);
    CREATE TABLE closed (channel TEXT PRIMARY KEY, since TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
    """,
    # What a message said is removed before it is forgotten that it came; its digest still tells whether another says the same.
    """
    ALTER TABLE message ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
    UPDATE message SET sha256 = sha256(body);
    CREATE INDEX run_of_job ON run (job);
    """,
    # What a run was started by is asked when it has ended; what is due to others is asked every second.
    """
    CREATE INDEX fire_of_run ON fire (run);
    CREATE INDEX message_open ON message (box, channel, not_before) WHERE state IN ('new', 'claimed');
    """,
    # A run may read a range of time once more, beside all that the job reads otherwise.
    """
    ALTER TABLE run ADD COLUMN window TEXT NOT NULL DEFAULT '';
    """,
    # A run of which a person has typed the input or the parameters goes before those that wait.
    """
    ALTER TABLE run ADD COLUMN precedes INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX run_preceding ON run (job) WHERE precedes = 1 AND status = 'pending';
    """,
    # Of a content that comes back is told which run has read it.
    """
    CREATE INDEX taken_of_item ON taken (item);
    """,
    # Each schedule of a job is watched from its own last fire on; until now that was the last of any of them.
    """
    UPDATE fire SET fire_at = max(fire_at, coalesce(
      (SELECT max(other.fire_at) FROM fire AS other WHERE other.job = fire.job AND other.kind = 'cron'), fire_at)) WHERE kind = 'baseline';
    """,
    # What was sent is known by the place it went to, and by the order of sending: `begun` is of the first attempt, `sent` of the last.
    # Where that went which was sent until now, nobody knows.
    """
    ALTER TABLE batch ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE batch ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE batch ADD COLUMN sent_by TEXT NOT NULL DEFAULT '';
    ALTER TABLE batch ADD COLUMN body_of TEXT NOT NULL DEFAULT '';
    CREATE TABLE sending (
      run TEXT NOT NULL, target TEXT NOT NULL, place TEXT NOT NULL, rows TEXT NOT NULL, looked INTEGER NOT NULL DEFAULT 0,
      closed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, target)
    ) WITHOUT ROWID;
    CREATE INDEX sending_at ON sending (place, closed);
    CREATE TABLE send_order (last INTEGER NOT NULL);
    INSERT INTO send_order VALUES (0);
    """,
    # Who was told to end and is killed before it could give its lease back has not crashed.
    """
    ALTER TABLE lease ADD COLUMN ending INTEGER NOT NULL DEFAULT 0;
    """,
    # How long a run is tried again is counted from when it first failed, however long it had worked until then.
    """
    ALTER TABLE run ADD COLUMN failing TEXT;
    """,
    # What is known of a file is kept as long as it lies where it was: when each place was listed last, however old its files are.
    """
    CREATE TABLE listed (place TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
    """,
    # What there is to do about a failure is asked for long after it, by somebody else than who saw it.
    """
    ALTER TABLE run ADD COLUMN help TEXT NOT NULL DEFAULT '';
    """,
    # What was read later is the newer, whichever arrives last: when the input of a run stood, and when all of it had arrived, in the
    # order of sending. Of what was before, the order of the runs says so.
    """
    ALTER TABLE run ADD COLUMN read_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE run ADD COLUMN arrived_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE position ADD COLUMN read_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE item ADD COLUMN read_at INTEGER NOT NULL DEFAULT 0;
    UPDATE run SET read_at = iif(input_digest <> '', rowid, 0), arrived_at = iif(status = 'success' AND code = '', rowid, 0);
    UPDATE position SET read_at = coalesce((SELECT rowid FROM run WHERE run.id = position.run), 0);
    UPDATE item SET read_at = coalesce((SELECT max(run.rowid) FROM taken JOIN run ON run.id = taken.run
      WHERE taken.item = item.id AND run.status = 'success'), 0);
    UPDATE send_order SET last = max(last, coalesce((SELECT max(rowid) FROM run), 0));
    CREATE INDEX run_arrived ON run (job, arrived_at);
    """,
    # Rejected rows may be replayed a few at a time: which of them were, by which run.
    """
    CREATE TABLE again (
      run TEXT NOT NULL, source TEXT NOT NULL, replay TEXT NOT NULL, rows INTEGER NOT NULL, places TEXT NOT NULL,
      PRIMARY KEY (run, source, replay)
    ) WITHOUT ROWID;
    CREATE INDEX again_by ON again (replay);
    INSERT INTO again SELECT run, source, replayed_as, rows, '*' FROM rejects WHERE replayed_as <> '';
    """,
    # A project may be moved, or mounted elsewhere: what lies below the folder of the ledger is kept from there on.
    """
    UPDATE item SET staged = cut(staged, 'landed');
    UPDATE out_file SET rendered = cut(rendered, 'runs/' || run);
    UPDATE rejects SET path = cut(path, 'runs/' || run);
    """,
)
