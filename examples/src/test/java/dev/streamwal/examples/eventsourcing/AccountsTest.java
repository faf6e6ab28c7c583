package dev.streamwal.examples.eventsourcing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An account whose last snapshot can't be read: it is what its events make it, and takes commands. */
class AccountsTest {
    @TempDir
    Path log;

    @Test
    void snapshotThatIsDamaged_isAsGoodAsNone() throws Exception {
        try (StreamWal wal = StreamWal.open(log); Accounts accounts = new Accounts(wal)) {
            openWithLastSnapshot(wal, accounts, "to be damaged");
            DamagedRecord.of(log, "to be damaged");
            assertUsable(accounts);
        }
    }

    @Test
    void snapshotThatIsNone_isAsGoodAsNone() throws Exception {
        try (StreamWal wal = StreamWal.open(log); Accounts accounts = new Accounts(wal)) {
            openWithLastSnapshot(wal, accounts, "no snapshot");
            assertUsable(accounts);
        }
    }

    private static void openWithLastSnapshot(StreamWal wal, Accounts accounts, String content) throws RefusedException {
        accounts.open(1, "owner");
        accounts.deposit(1, 100);
        accounts.takeSnapshot(1);
        accounts.deposit(1, 20);
        EntryRef last = wal.stream(Accounts.snapshotKey(1)).append(content.getBytes(UTF_8));
        assertThat(last.position()).isPositive();
    }

    private static void assertUsable(Accounts accounts) throws RefusedException {
        assertThat(accounts.load(1).state()).isEqualTo(new Account("owner", 120, 3));
        accounts.withdraw(1, 120);
        accounts.takeSnapshot(1);
        assertThat(accounts.load(1).state()).isEqualTo(new Account("owner", 0, 4));
    }
}
