package dev.streamwal.reading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.Segments;
import dev.streamwal.StreamOptions;
import dev.streamwal.StreamWal;
import dev.streamwal.WalOptions;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SharedArrivals;
import dev.streamwal.segment.ReadSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedArrivalsTest {

    @TempDir
    Path root;

    private static List<String> look(SharedArrivals arrivals) throws IOException {
        List<String> keys = new ArrayList<>();
        assertThat(arrivals.look((key, end) -> keys.add(key.text()), (key, end) -> {})).isTrue();
        return keys;
    }

    /** Records of one stream in a row count once where nobody looked between them: so they are fewer when the segment is walked anew. */
    @Test
    void look_theSegmentIsWalkedAnew_missesNoArrival() throws Exception {
        WalOptions options = WalOptions.builder().sweepInterval(Duration.ZERO)
                .streams("*", StreamOptions.builder().segments(Segments.SHARED).build()).build();
        try (StreamWal wal = StreamWal.open(root, options);
                LogSource log = new LogSource(root, new ReadSettings(1 << 20, 16, 4 << 10, 64 << 10, 1 << 20, false, InstantSource.system()), null)) {
            SharedArrivals arrivals = new SharedArrivals(log);
            assertThat(look(arrivals)).isEmpty();
            for (int i = 0; i < 3; i++) {
                wal.stream("a").append(new byte[1]);
                assertThat(look(arrivals)).containsExactly("a");
            }
            log.shared().forget();
            wal.stream("b").append(new byte[1]);
            assertThat(look(arrivals)).contains("b");
            wal.stream("a").append(new byte[1]);
            assertThat(look(arrivals)).containsExactly("a");
        }
    }
}
