package dev.streamwal.examples.eventsourcing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.reader.EntryRef;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the view gets of accounts of which an event can't be read; and which owners it can show. */
@Timeout(60)
class ProjectionTest {
    @TempDir
    Path folder;

    @Test
    void eventThatIsDamaged_orNone_isLeftOut() throws Exception {
        Path log = folder.resolve("log");
        Path file = folder.resolve("balances.csv");
        try (StreamWal wal = StreamWal.open(log); Accounts accounts = new Accounts(wal)) {
            accounts.open(1, "to be damaged");
            accounts.deposit(1, 100);
            EntryRef noEvent = wal.stream(Accounts.key(2)).append("no event".getBytes(UTF_8));
            assertThat(noEvent.position()).isZero();
            accounts.open(3, "owner 3");
            DamagedRecord.of(log, "to be damaged");
            FutureTask<Void> projection = new FutureTask<>(() -> {
                Projection.main(new String[] {log.toString(), file.toString()});
                return null;
            });
            Thread running = new Thread(projection, "projection");
            running.start();
            while (!projection.isDone() && !BalancesView.open(file).row(Accounts.key(3)).state().isOpen()) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            running.interrupt();
            assertThatThrownBy(projection::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InterruptedException.class);
        }
        BalancesView view = BalancesView.open(file);
        assertThat(view.row(Accounts.key(1)).state().cents()).isEqualTo(100);
        assertThat(view.row(Accounts.key(2))).isEqualTo(AccountSnapshot.NONE);
        assertThat(view.row(Accounts.key(3)).state().owner()).isEqualTo("owner 3");
    }

    @Test
    void open_ownerThatTheViewCantShow_isRefused() throws Exception {
        try (StreamWal wal = StreamWal.open(folder.resolve("log")); Accounts accounts = new Accounts(wal)) {
            for (String owner : new String[] {"", " ", "two\nlines"}) {
                assertThatThrownBy(() -> accounts.open(1, owner)).isInstanceOf(RefusedException.class).hasMessageContaining("name");
            }
            accounts.open(1, "O'Neill, Ann");
            assertThat(accounts.load(1).state().owner()).isEqualTo("O'Neill, Ann");
        }
    }
}
