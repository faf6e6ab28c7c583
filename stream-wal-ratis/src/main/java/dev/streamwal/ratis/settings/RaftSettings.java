package dev.streamwal.ratis.settings;

import dev.streamwal.format.SuppressForbidden;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.client.retry.RequestTypeDependentRetryPolicy;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto.TypeCase;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.retry.RetryPolicy;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * How Ratis 3.3.0 is set, and why: the one place for it. What its defaults, or its mechanisms, would do to a log, by number:
 *
 * <ol>
 *   <li>{@code notifyInstallSnapshotFromLeader} runs while entries are still applied. Not used: a follower that is far behind gets a marker as an ordinary
 *       snapshot, and fetches an image in {@code reinitialize()}, in the thread that applies.
 *   <li>With it, a leader that dies meanwhile leaves a follower that refuses entries for ever. Not used, likewise.
 *   <li>A snapshot that is ahead of an old open Raft log ends in a loop at "gap between start index". So a replica tells Ratis of an image only when its Raft
 *       log is forced up to there, although the image may be there before: {@code ShardStateMachine}. A peer's snapshot is ahead of it, until Ratis has deleted
 *       the log for it: where a kill came between, the start deletes it: {@code RaftLogRemains}.
 *   <li>An entry whose future fails is logged and counted as applied. So applying throws, which closes the shard: {@code ShardStateMachine}.
 *   <li>{@link #APPENDER_WAIT}.
 *   <li>Flushing asynchronously, or "unsafely", counts what was never forced: both are off.
 *   <li>{@link #ELECTION}.
 *   <li>{@link #RETRY_CACHE}. Beyond it, and beyond the process, there is a table of producers: {@code Producers}.
 *   <li>{@link #KEPT_ENTRIES}, and the Raft log is purged up to a snapshot, or it would grow for ever while a replica is down.
 *   <li>Snapshots aren't taken, and reads aren't linearizable, unless one says so.
 *   <li>Storage is in a temporary folder unless one says where, and an entry must fit {@link #WRITE_BUFFER_BYTES}.
 *   <li>Administrative calls throw gRPC's own exceptions: whoever makes them catches {@code RuntimeException} as well.
 *   <li>Ratis is 24 MB of jars: so all of this is a module of its own.
 *   <li>A Raft log that can't be written, as on a full disk, is only told of: the replica would stay, and take nothing more. And the thread
 *       that applies looks without a rest for entries that the log lacks. So that thread is made to close the shard: {@code ShardStateMachine}.
 *   <li>A leader that is left out of its group may not close: {@code ReplicatedWalServer}.
 *   <li>Of calls that are sent in order, a leader may take the second after it has refused the first, which the client then tries again. So commands say
 *       behind which they must stand: {@code Batcher}, {@code Producers}.
 *   <li>A client that has given up a call fails all that come behind it, for ever. It gives up at once if one replica was left out of the group, and
 *       only when its time is over if all replicas that it knows were. So it is replaced, and what has no answer when it is closed fails: {@code
 *       ShardConnection}.
 *   <li>Replicas that are given a group elect a leader in it, also new ones that are a majority of it, beside a log that is there. So one that joins is given
 *       none: {@code ReplicatedWalServer}.
 *   <li>A request whose {@code startTransaction} throws is never answered: sent again, it waits for the first one. So a refusal is returned: {@code
 *       ShardStateMachine}.
 *   <li>{@link #LONGEST_PAUSE}.
 *   <li>{@link #CLIENT_REQUESTS}.
 *   <li>{@link #LONGEST_TRY}.
 *   <li>A leader that hands over to another replica, for example to one that the shard prefers, refuses writes until it has, and a client fails them:
 *       {@code ShardConnection}.
 *   <li>Leaders are elected by Raft logs: a replica that is fetching a peer's image, and applies nothing, may be elected. So it steps down: {@code
 *       ReplicatedWalServer}.
 *   <li>A write to the Raft log that was cut short, as by a kill, is taken for damage, and the replica doesn't start. What was never forced is cut off before
 *       the log is opened: {@code RaftLogRemains}.
 *   <li>A peer's snapshot takes its place by two renames of the folder of snapshots. Killed between them, a replica has none, and doesn't know it. So the
 *       folder is put back: {@code MarkerStorage}.
 *   <li>A truncated file of the Raft log is shortened, and then renamed. Killed in between, a replica doesn't find the file when it purges it, and a later
 *       purge leaves a gap. So the start renames it: {@code RaftLogRemains}.
 *   <li>The first address that Ratis hears of a replica stays, and the Raft log has the one by which that was taken in. So Ratis is told what the replica was
 *       given before it reads its log: {@code ReplicatedWalServer}; and clients take no other from the log: {@code Memberships}.
 * </ol>
 */
public final class RaftSettings {

    /** Shorter ones flap on a machine that is busy. The longest is twice that. */
    static final Duration ELECTION = Duration.ofSeconds(1);
    /** By default an appender spins, for twice the processor time. */
    static final Duration APPENDER_WAIT = Duration.ofMillis(1);
    /**
     * One minute by default. Followers keep every answer for so long, however many there are, which took a gigabyte at 3,000 requests a second and ten minutes
     * by reckoning. What comes again later is known by the producer.
     */
    static final Duration RETRY_CACHE = Duration.ofSeconds(15);
    /** By default a process that stood still for a minute, as a paused container does, closes for good. */
    static final Duration LONGEST_PAUSE = Duration.ofDays(365);
    /**
     * How long a request is tried, through elections and the restart of a replica. After that it fails as soon as the try that is under way has failed.
     * It is a time, not a number of tries, because a try takes no time if a connection is refused, and up to eight seconds if a replica hangs, or
     * packets are dropped.
     */
    public static final Duration LONGEST_TRY = Duration.ofMinutes(2);
    /** By default 100, of which a client's own requests could leave none: then a send waits, whoever makes it. More than there are: {@code ShardConnection}. */
    static final int CLIENT_REQUESTS = 4_096;
    /**
     * Entries that stay behind a snapshot, so that a follower that was away for a while needs no image. Ratis knows no limit of bytes for that: it takes a
     * number of entries, once, when it opens the log. See {@link #largestLogBytes}.
     */
    public static final int KEPT_ENTRIES = 100_000;
    /** The largest request there is, 6 MiB, with what Ratis puts around it. Each shard has a buffer of that size. */
    static final int WRITE_BUFFER_BYTES = 8 << 20;
    private static final int APPENDER_BYTES = 7 << 20;
    /** After how many entries since the last marker Ratis asks for another one. There is one when there is an image. */
    private static final int ENTRIES_BETWEEN_LOOKS = 10;

    /** Entries that are purged together. */
    private static final int PURGE_GAP = 100;
    /** At most what Ratis puts around a request in its log: term, index, client, call and checksum. */
    private static final int AROUND_ENTRY_BYTES = 100;
    private static final int PENDING_REQUEST_BYTES = 128 << 20;
    private static final int PENDING_REQUESTS = 4_096;
    private static final Duration CLIENT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(100);
    private static final int SNAPSHOT_MARKERS = 2;

    private RaftSettings() {}

    /**
     * Of a replica.
     *
     * @param folder of the Raft logs
     * @param address {@code host:port}
     * @param keptEntries as {@link #KEPT_ENTRIES}
     * @param segmentBytes of a file of the Raft log, which is purged as a whole
     */
    @SuppressForbidden("Ratis takes its folder as a File")
    public static RaftProperties server(Path folder, String address, int keptEntries, int segmentBytes) {
        RaftProperties out = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(out, List.of(folder.toFile()));
        int colon = address.lastIndexOf(':');
        GrpcConfigKeys.Server.setHost(out, address.substring(0, colon));
        GrpcConfigKeys.Server.setPort(out, Integer.parseInt(address.substring(colon + 1)));
        GrpcConfigKeys.setMessageSizeMax(out, SizeInBytes.valueOf(2L * WRITE_BUFFER_BYTES));

        RaftServerConfigKeys.setCloseThreshold(out, millis(LONGEST_PAUSE));
        RaftServerConfigKeys.Rpc.setTimeoutMin(out, millis(ELECTION));
        RaftServerConfigKeys.Rpc.setTimeoutMax(out, millis(ELECTION.multipliedBy(2)));
        RaftServerConfigKeys.Read.setOption(out, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(out, false);
        RaftServerConfigKeys.RetryCache.setExpiryTime(out, millis(RETRY_CACHE));
        RaftServerConfigKeys.Write.setByteLimit(out, SizeInBytes.valueOf(PENDING_REQUEST_BYTES));
        RaftServerConfigKeys.Write.setElementLimit(out, PENDING_REQUESTS);

        RaftServerConfigKeys.Log.setUseMemory(out, false);
        RaftServerConfigKeys.Log.setAsyncFlushEnabled(out, false);
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(out, false);
        RaftServerConfigKeys.Log.setWriteBufferSize(out, SizeInBytes.valueOf(WRITE_BUFFER_BYTES));
        RaftServerConfigKeys.Log.setSegmentSizeMax(out, SizeInBytes.valueOf(segmentBytes));
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(out, true);
        RaftServerConfigKeys.Log.setPurgePreservationLogNum(out, keptEntries);
        RaftServerConfigKeys.Log.setPurgeGap(out, PURGE_GAP);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(out, SizeInBytes.valueOf(APPENDER_BYTES));
        RaftServerConfigKeys.Log.Appender.setWaitTimeMin(out, millis(APPENDER_WAIT));
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(out, true);

        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(out, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(out, ENTRIES_BETWEEN_LOOKS);
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(out, false);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(out, SNAPSHOT_MARKERS);
        return out;
    }

    /**
     * Up to how much a Raft log grows. Right before a purge it has the entries that are kept, and those since the purge before, of which there are as many as
     * between two images, and {@link #PURGE_GAP} more where that purge didn't come; and the oldest file, of which one entry may be kept.
     *
     * @param requestBytes of an entry
     * @param imageEntries between two images at most
     */
    public static long largestLogBytes(long requestBytes, long keptEntries, long imageEntries, long segmentBytes) {
        return (keptEntries + imageEntries + PURGE_GAP) * (requestBytes + AROUND_ENTRY_BYTES) + segmentBytes;
    }

    /** Connections that are encrypted; both sides show a certificate. All are PEM files: {@code ReplicaTls} says of what. */
    @SuppressForbidden("Ratis takes files as File")
    public static Parameters connections(Path privateKey, Path certificates, Path trusted) {
        Parameters out = new Parameters();
        GrpcConfigKeys.TLS.setConf(out, new GrpcTlsConfig(privateKey.toFile(), certificates.toFile(), trusted.toFile(), true));
        return out;
    }

    /** Of a client. */
    public static RaftProperties client() {
        RaftProperties out = new RaftProperties();
        RaftClientConfigKeys.Rpc.setRequestTimeout(out, millis(CLIENT_TIMEOUT));
        RaftClientConfigKeys.Rpc.setWatchRequestTimeout(out, millis(CLIENT_TIMEOUT)); // of the empty request that a client begins with
        RaftClientConfigKeys.Async.setOutstandingRequestsMax(out, CLIENT_REQUESTS);
        GrpcConfigKeys.setMessageSizeMax(out, SizeInBytes.valueOf(2L * WRITE_BUFFER_BYTES));
        return out;
    }

    /** Until {@link #LONGEST_TRY} is over. */
    public static RetryPolicy retry() {
        return retry(LONGEST_TRY);
    }

    /** For all types of requests, including the empty request that a client begins with: Ratis tries a type that isn't named for ever, without a rest. */
    public static RetryPolicy retry(Duration longest) {
        RequestTypeDependentRetryPolicy.Builder out = RequestTypeDependentRetryPolicy.newBuilder();
        for (TypeCase type : TypeCase.values()) {
            out.setRetryPolicy(type, RetryPolicies.retryForeverWithSleep(millis(BETWEEN_TRIES))).setTimeout(type, millis(longest));
        }
        return out.build();
    }

    /** For who asks a certain replica, and then another one. */
    public static RetryPolicy noRetry() {
        return RetryPolicies.noRetry();
    }

    private static TimeDuration millis(Duration duration) {
        return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
    }
}
