package dev.streamwal.ratis.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.ratis.Batching;
import dev.streamwal.ratis.RatisOptions;
import dev.streamwal.ratis.Replicas;
import dev.streamwal.ratis.ReplicatedWal;
import dev.streamwal.ratis.wire.Command;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.client.retry.ClientRetryEvent;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.TimeoutIOException;
import org.apache.ratis.retry.RetryPolicy;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.TimeDuration;
import org.apache.ratis.util.Timestamp;
import org.junit.jupiter.api.Test;

/**
 * What Ratis would do by default, and does not do to a log. Traps 1 and 2 are that a snapshot is announced, and not sent: see trap 2's test; 3 and 4 are tested
 * in {@code ShardStateMachineTest}, 8's table in {@code ProducersTest}; 12 is where each administrative call catches {@code RuntimeException}; 13 is a module.
 */
class RaftSettingsTest {

    private static final Path FOLDER = Path.of("/data/raft");

    private final RaftProperties settings = RaftSettings.server(FOLDER, "10.0.0.1:7100", RaftSettings.KEPT_ENTRIES, 64 << 20);

    private static Duration duration(TimeDuration time) {
        return Duration.ofMillis(time.toLong(TimeUnit.MILLISECONDS));
    }

    @Test
    void traps1And2_snapshotsAreSent_notAnnounced() {
        assertThat(RaftServerConfigKeys.Log.Appender.installSnapshotEnabled(settings)).isTrue();
    }

    @Test
    void trap5_appendersRestBetweenTwoLooks() {
        assertThat(duration(RaftServerConfigKeys.Log.Appender.waitTimeMin(settings))).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void trap6_whatCountsAsFlushedIsForced() {
        assertThat(RaftServerConfigKeys.Log.asyncFlushEnabled(settings)).isFalse();
        assertThat(RaftServerConfigKeys.Log.unsafeFlushEnabled(settings)).isFalse();
        assertThat(RaftServerConfigKeys.Log.useMemory(settings)).isFalse();
    }

    @Test
    void trap7_electionsTakeASecondOrTwo() {
        assertThat(duration(RaftServerConfigKeys.Rpc.timeoutMin(settings))).isEqualTo(Duration.ofSeconds(1));
        assertThat(duration(RaftServerConfigKeys.Rpc.timeoutMax(settings))).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void trap8_answersAreCachedForSeconds_asTheirNumberHasNoLimit() {
        assertThat(duration(RaftServerConfigKeys.RetryCache.expiryTime(settings))).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void trap9_raftLogIsPurged_butForWhatAFollowerMayMiss() {
        assertThat(RaftServerConfigKeys.Log.purgeUptoSnapshotIndex(settings)).isTrue();
        assertThat(RaftServerConfigKeys.Log.purgePreservationLogNum(settings)).isEqualTo(100_000);
    }

    /** The figures of {@code RatisOptions}: Ratis keeps a number of entries, whatever they have. */
    @Test
    void trap9_raftLogOfDefaults_isAsLargeAsSaid() {
        RatisOptions options = RatisOptions.builder().replicas(Replicas.of("n1=10.0.0.1:7100")).build();
        assertThat(options.raftLogBytes(1 << 10)).isBetween(285_000_000L, 300_000_000L);
        assertThat(options.raftLogBytes(64 << 10)).as("an image each 512 MiB").isBetween(7_100_000_000L, 7_200_000_000L);
        assertThat(options.raftLogBytes(4 << 20)).isBetween(419_500_000_000L, 420_500_000_000L);
        assertThatThrownBy(() -> options.raftLogBytes(0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("requestBytes=0");
        assertThatThrownBy(() -> options.raftLogBytes(Command.MAX_BYTES + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void raftLogBytes_isWhatIsKept_whatComesUntilTheNextImage_andAFile() {
        RatisOptions options = RatisOptions.builder().replicas(Replicas.of("n1=10.0.0.1:7100")).keptEntries(1_000).imageEntries(500)
                .raftSegmentBytes(1 << 20).build();
        assertThat(options.raftLogBytes(900)).isEqualTo((1_000 + 500 + 100) * 1_000L + (1 << 20));
    }

    @Test
    void trap10_snapshotsAreTaken_andReadsAreLinearizable() {
        assertThat(RaftServerConfigKeys.Snapshot.autoTriggerEnabled(settings)).isTrue();
        assertThat(RaftServerConfigKeys.Snapshot.autoTriggerThreshold(settings)).as("entries between two looks for an image").isEqualTo(10);
        assertThat(RaftServerConfigKeys.Read.option(settings)).isEqualTo(RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        assertThat(RaftServerConfigKeys.Read.leaderLeaseEnabled(settings)).as("a lease trusts clocks").isFalse();
    }

    @Test
    void traps20And21_aPauseClosesNothing_andAClientHasRoomForAllItsRequests() {
        assertThat(duration(RaftServerConfigKeys.closeThreshold(settings))).isGreaterThan(Duration.ofDays(30));
        assertThat(RaftClientConfigKeys.Async.outstandingRequestsMax(RaftSettings.client()))
                .isGreaterThan(Batching.MAX_IN_FLIGHT + ReplicatedWal.MAX_SINGLES);
    }

    /** Also a write that has been tried only once, and a read that has been tried often: what counts is when it was first sent. */
    @Test
    void trap22_requestsAreTriedForATime_howeverLongEachTryTakes() {
        Timestamp before = Timestamp.valueOf(System.nanoTime() - Duration.ofMinutes(2).toNanos());
        for (RaftClientRequest.Type type : List.of(RaftClientRequest.writeRequestType(), RaftClientRequest.readRequestType(),
                RaftClientRequest.watchRequestType())) {
            assertThat(afterFailure(type, 1, before).shouldRetry()).as("%s", type).isFalse();
            RetryPolicy.Action young = afterFailure(type, 100_000, Timestamp.currentTime());
            assertThat(young.shouldRetry()).as("%s", type).isTrue();
            assertThat(duration(young.getSleepTime())).as("%s", type).isEqualTo(Duration.ofMillis(100));
        }
    }

    private static RetryPolicy.Action afterFailure(RaftClientRequest.Type type, int tries, Timestamp begun) {
        RaftClientRequest request = RaftClientRequest.newBuilder().setClientId(ClientId.randomId()).setServerId(RaftPeerId.valueOf("n1"))
                .setGroupId(RaftGroupId.randomId()).setType(type).build();
        return RaftSettings.retry().handleAttemptFailure(new ClientRetryEvent(tries, request, tries, new TimeoutIOException("no answer"), begun));
    }

    @Test
    void trap11_storageIsWhereItIsSaid_andEveryRequestFitsTheBuffers() {
        assertThat(RaftServerConfigKeys.storageDir(settings)).containsExactly(FOLDER.toFile());
        long appender = RaftServerConfigKeys.Log.Appender.bufferByteLimit(settings).getSize();
        assertThat(appender).isGreaterThan(Command.MAX_BYTES);
        assertThat(RaftServerConfigKeys.Log.writeBufferSize(settings).getSize()).isGreaterThan(appender + 8);
        assertThat(RaftServerConfigKeys.Write.byteLimit(settings).getSize()).as("bounded").isEqualTo(128 << 20);
    }
}
