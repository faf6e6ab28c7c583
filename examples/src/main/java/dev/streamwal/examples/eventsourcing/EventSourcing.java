package dev.streamwal.examples.eventsourcing;

import dev.streamwal.Durability;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.examples.ChildJvm;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Four tellers work on the same twenty accounts, each account a stream of events. A process of its own keeps a view of the balances, is killed in the
 * middle, and goes on. Then the log is closed and opened again, and all ways to an account's state lead to the same one.
 */
public final class EventSourcing {
    private static final int ACCOUNTS = 20;
    private static final int TELLERS = 4;
    private static final int COMMANDS = 150;

    private final PrintStream out;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();

    private EventSourcing(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        new EventSourcing(System.out).run(args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-"));
    }

    /** Events are the truth: they are kept for a hundred years, and each is on the disk before its command is answered. */
    private static WalOptions options() {
        StreamOptions events = StreamOptions.builder().retention(Duration.ofDays(36_525)).durability(Durability.IMMEDIATE).build();
        StreamOptions snapshots = StreamOptions.builder().retention(Duration.ofDays(30)).build();
        return WalOptions.builder().streams("account/*", events).streams("snapshot/*", snapshots).build();
    }

    private void run(Path home) throws IOException, InterruptedException, ExecutionException {
        Path log = home.resolve("log");
        Path view = home.resolve("balances.csv");
        line("log", "%s", log);
        try (StreamWal wal = StreamWal.open(log, options()); Accounts accounts = new Accounts(wal)) {
            makeProjectionKnown(wal);
            Process projection = startProjection(log, view);
            try {
                openAccounts(accounts);
                work(accounts, 1);
                projection.destroyForcibly().waitFor();
                line("projection", "killed");
                takeSnapshots(accounts);
                work(accounts, 2);
                projection = startProjection(log, view);
                awaitProjection(wal, projection);
            } finally {
                projection.destroyForcibly().waitFor();
            }
            line("commands", "%,d accepted, %,d refused, %,d decided again as another one came first",
                    accepted.sum(), refused.sum(), accounts.conflicts());
        }
        compare(log, view);
    }

    /** From now on the log says how far the projection is, and keeps its place. */
    private static void makeProjectionKnown(StreamWal wal) {
        try (WalReader reader = wal.reader()) {
            reader.consumer(Projection.NAME, Accounts.KEYS).close();
        }
    }

    private static Process startProjection(Path log, Path view) throws IOException {
        return ChildJvm.reader(Projection.class, log, view).inheritIO().start();
    }

    private void openAccounts(Accounts accounts) {
        for (int number = 0; number < ACCOUNTS; number++) {
            int each = number;
            tell(() -> accounts.open(each, "owner " + each));
        }
    }

    private void takeSnapshots(Accounts accounts) {
        for (int number = 0; number < ACCOUNTS; number++) {
            accounts.takeSnapshot(number);
        }
        line("snapshots", "%d taken", ACCOUNTS);
    }

    /** The tellers at once. */
    private void work(Accounts accounts, int shift) throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(TELLERS);
        List<Future<?>> tellers = new ArrayList<>();
        for (int teller = 0; teller < TELLERS; teller++) {
            Random random = new Random(shift * 1_000 + teller);
            tellers.add(threads.submit(() -> work(accounts, random)));
        }
        threads.shutdown();
        for (Future<?> teller : tellers) {
            teller.get();
        }
    }

    private void work(Accounts accounts, Random random) {
        for (int i = 0; i < COMMANDS; i++) {
            int number = random.nextInt(ACCOUNTS);
            long cents = 1L + random.nextInt(10_000);
            tell(random.nextBoolean() ? () -> accounts.deposit(number, cents) : () -> accounts.withdraw(number, cents));
        }
    }

    /** A teller's command. */
    private interface Command {
        void run() throws RefusedException;
    }

    private void tell(Command command) {
        try {
            command.run();
            accepted.increment();
        } catch (RefusedException e) {
            refused.increment();
        }
    }

    /** The read side is a little behind; how much, anybody can ask. */
    private static void awaitProjection(StreamWal wal, Process projection) throws InterruptedException {
        try (WalReader reader = wal.reader()) {
            while (reader.consumerLags(Projection.NAME).stream().anyMatch(lag -> lag.behindBytes() > 0)) {
                ChildJvm.requireRunning(projection);
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    /** After a restart: from the first event, from the snapshot, and in the view. */
    private void compare(Path log, Path file) throws IOException {
        BalancesView view = BalancesView.open(file);
        int equal = 0;
        long cents = 0;
        long events = 0;
        try (StreamWal wal = StreamWal.open(log, options()); Accounts accounts = new Accounts(wal)) {
            for (int number = 0; number < ACCOUNTS; number++) {
                AccountSnapshot replayed = accounts.replay(number, AccountSnapshot.NONE);
                boolean same = replayed.equals(accounts.load(number)) && replayed.equals(view.row(Accounts.key(number)));
                equal += same && replayed.state().cents() >= 0 ? 1 : 0;
                cents += replayed.state().cents();
                events += replayed.state().events();
            }
        }
        line("restarted", "%,d events on %d accounts, %,.2f in all", events, ACCOUNTS, cents / 100.0);
        line("compared", "%d of %d accounts are the same by all events, by their snapshot, and in the view", equal, ACCOUNTS);
    }

    private void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-12s %s%n", name, String.format(Locale.ROOT, format, values));
    }
}
