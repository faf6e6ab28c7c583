package dev.streamwal.examples.eventsourcing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.examples.DamagedRecord;
import dev.streamwal.examples.LogAway;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the view gets of accounts of which an event can't be read; and which owners it can show. */
@Timeout(300)
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
            FutureTask<Void> projection = projection(log, file);
            Thread running = new Thread(projection, "projection");
            running.start();
            awaitOpen(projection, file, 3);
            running.interrupt();
            assertThatThrownBy(projection::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InterruptedException.class);
        }
        BalancesView view = BalancesView.open(file);
        assertThat(view.row(Accounts.key(1)).state().cents()).isEqualTo(100);
        assertThat(view.row(Accounts.key(2))).isEqualTo(AccountSnapshot.NONE);
        assertThat(view.row(Accounts.key(3)).state().owner()).isEqualTo("owner 3");
    }

    @Test
    void logThatFailsForAWhile_isProjectedAfterwards() throws Exception {
        Path log = folder.resolve("log");
        Path file = folder.resolve("balances.csv");
        try (StreamWal wal = StreamWal.open(log); Accounts accounts = new Accounts(wal); WalReader reader = wal.reader()) {
            accounts.open(1, "owner 1");
            FutureTask<Void> projection = projection(log, file);
            Thread running = new Thread(projection, "projection");
            running.start();
            awaitOpen(projection, file, 1);
            try (LogAway away = LogAway.segments(log)) {
                assertThat(away).isNotNull();
                TimeUnit.MILLISECONDS.sleep(500); // and it has failed to read
            }
            accounts.open(2, "owner 2");
            awaitOpen(projection, file, 2);
            while (!projection.isDone() && reader.consumerLags(Projection.NAME).stream().anyMatch(lag -> lag.behindBytes() > 0)) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            running.interrupt();
            assertThatThrownBy(projection::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InterruptedException.class);
            assertThat(reader.consumerLags(Projection.NAME)).hasSize(2);
        }
    }

    private static FutureTask<Void> projection(Path log, Path file) {
        return new FutureTask<>(() -> {
            Projection.main(new String[] {log.toString(), file.toString()});
            return null;
        });
    }

    private static void awaitOpen(FutureTask<Void> projection, Path file, int account) throws Exception {
        while (!projection.isDone() && !BalancesView.open(file).row(Accounts.key(account)).state().isOpen()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
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
