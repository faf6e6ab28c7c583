package dev.streamwal.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What could never be right, or can't be replicated, is refused when options are given and built. */
class RatisOptionsTest {

    @TempDir
    private Path folder;

    @Test
    void build_withATier_isRefused() {
        RatisOptions.Builder options = RatisOptions.builder().replicas(Replicas.of("n1=127.0.0.1:7101")).wal(wal -> wal.tier(folder));
        assertThatThrownBy(options::build).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("a log with a tier can't be replicated")
                .hasMessageContaining("tier=" + folder);
    }

    @Test
    void interval_thatHasMoreMillisecondsThanALong_isRefusedAsOutOfRange() {
        Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
        RatisOptions.Builder options = RatisOptions.builder();
        assertThatThrownBy(() -> options.tickInterval(endless)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tickInterval is too long: tickInterval=" + endless + ", min=PT0.01S, max=PT1M");
        assertThatThrownBy(() -> options.imageInterval(endless)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("imageInterval is too long: imageInterval=" + endless + ", min=PT1S, max=PT24H");
    }

    /** As one text it was a single replica, with the others in the name of its host. */
    @Test
    void replicas_allInOneText_areRefused() {
        assertThatThrownBy(() -> Replicas.of("n1=10.0.0.1:7101,n2=10.0.0.2:7102")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("replica=n1=10.0.0.1:7101,n2=10.0.0.2:7102; write it as name=host:port, each replica by itself");
        assertThat(Replicas.of("n1=[::1]:7101").addresses()).containsEntry("n1", "[::1]:7101");
    }

    /** A folder that was left to say so would have the next start wait until it is taken in. */
    @Test
    void join_byANameThatNoReplicaHas_isRefused_andLeavesNoFolder() {
        RatisOptions options = RatisOptions.builder().replicas(Replicas.of("n1=127.0.0.1:7101")).build();
        Path replica = folder.resolve("n2");
        assertThatThrownBy(() -> ReplicatedWalServer.join("n2", replica, options)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("replica has no address: name=n2, replicas=n1=127.0.0.1:7101");
        assertThat(replica).doesNotExist();
    }
}
