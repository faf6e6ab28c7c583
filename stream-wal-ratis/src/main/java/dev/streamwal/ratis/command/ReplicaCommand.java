package dev.streamwal.ratis.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.WriteEntry;
import dev.streamwal.error.WalException;
import dev.streamwal.format.SuppressForbidden;
import dev.streamwal.ratis.Consistency;
import dev.streamwal.ratis.RatisOptions;
import dev.streamwal.ratis.ReplicaStatus;
import dev.streamwal.ratis.ReplicaStatus.Role;
import dev.streamwal.ratis.Replicas;
import dev.streamwal.ratis.ReplicatedRecord;
import dev.streamwal.ratis.ReplicatedWal;
import dev.streamwal.ratis.ReplicatedWalServer;
import dev.streamwal.ratis.ReplicationException;
import dev.streamwal.reader.EntryRef;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The program {@code stream-wal-ratis}: a replica, and a little of a client. */
@Command(
        name = "stream-wal-ratis",
        mixinStandardHelpOptions = true,
        usageHelpWidth = 110,
        description = "Runs replicas of a log, appends to it and reads it.",
        synopsisSubcommandLabel = "COMMAND")
public final class ReplicaCommand {

    private static final int FAILED = 1;
    /** What gRPC logs by java.util.logging, which prints unless it is told not to. */
    private static final Logger GRPC = Logger.getLogger("org.apache.ratis.thirdparty");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    private ReplicaCommand() {}

    /**
     * Runs a command and ends the process.
     *
     * @param arguments the command's name and its arguments
     */
    @SuppressForbidden("a program: the exit code is its own")
    public static void main(String[] arguments) {
        System.exit(run(new PrintWriter(System.out, true, UTF_8), new PrintWriter(System.err, true, UTF_8), arguments));
    }

    /**
     * Runs a command in this process.
     *
     * @param out where its results go
     * @param err where it says what went wrong
     * @param arguments the command's name, and what belongs to it
     * @return the exit code, 0 where all is well
     */
    public static int run(PrintWriter out, PrintWriter err, String... arguments) {
        GRPC.setLevel(Level.WARNING);
        return new CommandLine(new ReplicaCommand()).setOut(out).setErr(err)
                .setExecutionExceptionHandler((failure, command, result) -> {
                    if (failure instanceof WalException || failure instanceof IllegalArgumentException) {
                        command.getErr().println(failure.getMessage());
                        return FAILED;
                    }
                    throw failure;
                })
                .execute(arguments);
    }

    @Command(name = "start", mixinStandardHelpOptions = true, description = "Runs a replica until it is ended.")
    int start(
            @Parameters(paramLabel = "NAME", description = "Which of the replicas it is.") String name,
            @Parameters(paramLabel = "FOLDER", description = "Where it keeps everything.") Path folder,
            @Mixin Cluster cluster,
            @Option(names = "--join", description = "It comes to a log that others have, and waits until change-replicas takes it in.") boolean isJoining,
            @Option(names = "--shards", defaultValue = "1", description = "How many shards the keys are spread over (${DEFAULT-VALUE}).") int shards,
            @Option(names = "--retention", defaultValue = "P7D", description = "How long records are kept, as P7D or PT12H (${DEFAULT-VALUE}).")
            Duration retention,
            @Option(names = "--believe-clock", description = "Vouches for this machine's clock, such as after the log stood still for 100 days: further ahead"
                    + " of the log's time no clock is believed otherwise.")
            boolean isClockBelieved) throws InterruptedException {
        RatisOptions options = cluster.options().shards(shards).wal(wal -> wal.retention(retention)).build();
        try (ReplicatedWalServer server = isJoining ? ReplicatedWalServer.join(name, folder, options) : ReplicatedWalServer.start(name, folder, options)) {
            if (isClockBelieved) {
                server.believeClock();
            }
            out().println("replica " + name + " runs, folder " + folder);
            server.awaitClosed();
        }
        return 0;
    }

    @Command(name = "shards", mixinStandardHelpOptions = true, description = "Shows how many shards the log has, or which one has a key.")
    int shards(
            @Mixin Cluster cluster,
            @Parameters(paramLabel = "KEY", arity = "0..*", description = "Keys of streams.") @Nullable List<String> keys) {
        try (ReplicatedWal wal = cluster.connect()) {
            if (keys == null) {
                out().println(wal.shards());
            } else {
                keys.forEach(key -> out().println(wal.shardOf(key) + " " + key));
            }
        }
        return 0;
    }

    @Command(name = "append", mixinStandardHelpOptions = true, description = "Appends records, and shows where they stand.")
    int append(
            @Mixin Cluster cluster,
            @Parameters(paramLabel = "KEY", description = "The stream's key.") String key,
            @Parameters(paramLabel = "TEXT", arity = "1..*", description = "The records.") List<String> texts) {
        try (ReplicatedWal wal = cluster.connect()) {
            List<CompletableFuture<EntryRef>> refs = new ArrayList<>();
            texts.forEach(text -> refs.add(wal.append(key, WriteEntry.of(text.getBytes(UTF_8)))));
            refs.forEach(ref -> out().println(joined(ref)));
        }
        return 0;
    }

    private static EntryRef joined(CompletableFuture<EntryRef> ref) {
        try {
            return ref.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ReplicationException failure ? failure : e;
        }
    }

    @Command(name = "latest", mixinStandardHelpOptions = true, description = "Shows the newest record of a stream.")
    int latest(
            @Mixin Cluster cluster,
            @Option(names = "--stale", description = "Asks any replica, which may not have heard of the newest.") boolean isStale,
            @Parameters(paramLabel = "KEY", description = "The stream's key.") String key) {
        try (ReplicatedWal wal = cluster.connect()) {
            Optional<ReplicatedRecord> latest = wal.latest(key, isStale ? Consistency.STALE : Consistency.LINEARIZABLE);
            latest.ifPresent(record -> out().println(record.ref() + " " + new String(record.content(), UTF_8)));
            return latest.isPresent() ? 0 : FAILED;
        }
    }

    @Command(name = "cluster", mixinStandardHelpOptions = true,
            description = "Shows each shard on each replica: which one leads, and how many entries of the Raft log the others are behind.")
    int cluster(@Mixin Cluster cluster) {
        try (ReplicatedWal wal = cluster.connect()) {
            List<ReplicaStatus> all = wal.status();
            out().printf(Locale.ROOT, "%5s  %-12s  %-9s  %12s  %8s  %12s  %8s  %s%n", "shard", "replica", "role", "applied", "behind", "image", "streams", "");
            all.forEach(each -> out().printf(Locale.ROOT, "%5d  %-12s  %-9s  %12d  %8s  %12d  %8d  %s%n", each.shard(), each.replica(), each.role(),
                    each.appliedIndex(), behind(each, all), each.imageIndex(), each.streams(), remark(each)));
        }
        return 0;
    }

    private static String remark(ReplicaStatus replica) {
        return (replica.isDamaged() ? "damaged: restart it " : "") + (replica.isClockAhead() ? "clock ahead: set it right" : "");
    }

    private static String behind(ReplicaStatus replica, List<ReplicaStatus> all) {
        if (replica.role() != Role.FOLLOWER) {
            return "";
        }
        return all.stream().filter(each -> each.shard() == replica.shard() && each.role() == Role.LEADER).findFirst()
                .map(leader -> Long.toString(Math.max(0, leader.appliedIndex() - replica.appliedIndex()))).orElse("?");
    }

    @Command(name = "change-replicas", mixinStandardHelpOptions = true,
            description = {"Changes which replicas the log has, while it is appended to: one more, or one less, at a time.",
                "A new one has to run already, started with --join and all that there will be. When this ends, it may still be fetching the log: until"
                        + " `cluster` shows it with a role of FOLLOWER, and little behind, no other one may be lost, and none can be taken out."})
    int changeReplicas(
            @Mixin Cluster cluster,
            @Option(names = "--to", required = true, split = ",", paramLabel = "NAME=HOST:PORT", description = "All replicas that there will be.")
            String[] to) {
        try (ReplicatedWal wal = cluster.connect()) {
            wal.changeReplicas(Replicas.of(to));
        }
        return 0;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
