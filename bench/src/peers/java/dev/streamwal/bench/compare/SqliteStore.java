package dev.streamwal.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** SQLite in WAL mode: a row a record, an index over stream and time. */
final class SqliteStore extends Store {

    /** Threads wait for each other's transactions. */
    private static final int BUSY_MILLIS = 60_000;
    private static final int CACHE_KIB = 64 << 10;
    private static final String INSERT = "INSERT INTO records (stream, millis, content) VALUES (?, ?, ?)";
    private static final String COLUMNS = "SELECT id, stream, content FROM records ";

    private final String url;
    private final Setup setup;
    private final Connection connection;

    private SqliteStore(String url, Setup setup) throws SQLException {
        this.url = url;
        this.setup = setup;
        this.connection = connect();
    }

    static Store open(Path folder, Setup setup) throws SQLException {
        SqliteStore store = new SqliteStore("jdbc:sqlite:" + folder.resolve("log.db"), setup);
        try (Statement statement = store.connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, millis INTEGER NOT NULL, content BLOB NOT NULL)");
            statement.execute("CREATE INDEX IF NOT EXISTS by_stream ON records (stream, millis)");
            if (store.expires()) {
                statement.execute("CREATE INDEX IF NOT EXISTS by_time ON records (millis)");
            }
        }
        return store;
    }

    private boolean expires() {
        return setup.retention().toMinutes() < 60;
    }

    /** FULL flushes at each commit; NORMAL, which its documentation recommends for WAL mode, at checkpoints only. */
    private Connection connect() throws SQLException {
        Connection opened = DriverManager.getConnection(url);
        try (Statement statement = opened.createStatement()) {
            statement.execute("PRAGMA busy_timeout = " + BUSY_MILLIS);
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = " + (setup.durable() ? "FULL" : "NORMAL"));
            statement.execute("PRAGMA cache_size = -" + CACHE_KIB);
        }
        return opened;
    }

    @Override
    Writer writer() throws SQLException {
        Connection own = connect();
        PreparedStatement insert = own.prepareStatement(INSERT);
        return new Writer() {
            private void set(int stream, long millis, byte[] content) throws SQLException {
                insert.setInt(1, stream);
                insert.setLong(2, millis);
                insert.setBytes(3, content);
            }

            @Override
            public void append(int stream, long millis, byte[] content) throws SQLException {
                set(stream, millis, content);
                int unused = insert.executeUpdate();
            }

            @Override
            public void appendBatch(int[] streams, long millis, byte[][] contents) throws SQLException {
                own.setAutoCommit(false);
                for (int i = 0; i < streams.length; i++) {
                    set(streams[i], millis, contents[i]);
                    insert.addBatch();
                }
                int[] unused = insert.executeBatch();
                own.commit();
                own.setAutoCommit(true);
            }

            @Override
            public void close() throws IOException {
                SqliteStore.close(insert, own);
            }
        };
    }

    @Override
    RecordCursor scan() throws SQLException {
        return rows(COLUMNS + "ORDER BY id");
    }

    @Override
    RecordCursor range(int first, int end, long fromMillis, long toMillis) throws SQLException {
        // stream by stream: a range of streams would not use the index's second column
        StringBuilder in = new StringBuilder();
        for (int stream = first; stream < end; stream++) {
            in.append(stream == first ? "" : ",").append(stream);
        }
        return rows(COLUMNS + "WHERE stream IN (" + in + ") AND millis >= ? AND millis < ?", fromMillis, toMillis);
    }

    @Override
    RecordCursor read(List<Object> refs) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(COLUMNS + "WHERE id = ?");
        return new RecordCursor() {
            private int next;
            private int stream;
            private int length;

            @Override
            boolean next() throws SQLException {
                if (next == refs.size()) {
                    return false;
                }
                statement.setLong(1, (Long) refs.get(next++));
                try (ResultSet rows = statement.executeQuery()) {
                    if (!rows.next()) {
                        throw new IllegalStateException("not found");
                    }
                    stream = rows.getInt(2);
                    length = copy(rows, this);
                    return true;
                }
            }

            @Override
            int stream() {
                return stream;
            }

            @Override
            int length() {
                return length;
            }

            @Override
            public void close() throws IOException {
                SqliteStore.close(statement);
            }
        };
    }

    private static int copy(ResultSet rows, RecordCursor to) throws SQLException {
        byte[] bytes = rows.getBytes(3);
        System.arraycopy(bytes, 0, to.content(), 0, bytes.length);
        return bytes.length;
    }

    @Override
    RecordCursor latest(int streams) throws SQLException {
        return rows("WITH RECURSIVE asked(s) AS (SELECT 0 UNION ALL SELECT s + 1 FROM asked WHERE s + 1 < ?) "
                + "SELECT id, stream, content FROM asked JOIN records "
                + "ON id = (SELECT id FROM records WHERE stream = s ORDER BY millis DESC LIMIT 1)", streams);
    }

    private RecordCursor rows(String query, long... parameters) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(query);
        for (int i = 0; i < parameters.length; i++) {
            statement.setLong(i + 1, parameters[i]);
        }
        ResultSet rows = statement.executeQuery();
        return new RecordCursor() {
            private int length;

            @Override
            boolean next() throws SQLException {
                if (!rows.next()) {
                    return false;
                }
                length = copy(rows, this);
                return true;
            }

            @Override
            int stream() {
                try {
                    return rows.getInt(2);
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            int length() {
                return length;
            }

            @Override
            Object ref() throws SQLException {
                return rows.getLong(1);
            }

            @Override
            public void close() throws IOException {
                SqliteStore.close(rows, statement);
            }
        };
    }

    @Override
    void expire(long beforeMillis) throws SQLException {
        try (Connection own = connect(); PreparedStatement delete = own.prepareStatement("DELETE FROM records WHERE millis < ?")) {
            delete.setLong(1, beforeMillis);
            int unused = delete.executeUpdate();
        }
    }

    @Override
    void settle() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    @Override
    public void close() throws IOException {
        close(connection);
    }

    static void close(AutoCloseable... all) throws IOException {
        try {
            for (AutoCloseable one : all) {
                one.close();
            }
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
