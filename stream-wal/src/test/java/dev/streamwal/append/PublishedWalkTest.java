package dev.streamwal.append;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordLayout;
import dev.streamwal.segment.RecoveredTail;
import dev.streamwal.storage.MappedStorage;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentMapping;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long a segment's records are waited for: a slot's thread may not have run since the waiting began, whatever the clock says. */
class PublishedWalkTest {

    private static final int START = 64;
    private static final int FRAME = (int) RecordLayout.frameBytes(0, 0);

    @TempDir
    private Path folder;

    /** Waits for no time at all for a record, and is asked at each look whether that is hopeless. */
    private boolean awaits(LookedAt each) throws IOException {
        try (SegmentFile file = new MappedStorage().create(folder.resolve("file"))) {
            file.zero(0, 4_096);
            SegmentMapping mapping = file.map(4_096);
            assertThat(mapping).isNotNull();
            try {
                PublishedWalk walk = new PublishedWalk(RecoveredTail.empty(START));
                return walk.await(mapping, START + FRAME, 0, () -> each.isHopeless(mapping));
            } finally {
                mapping.unmap();
            }
        }
    }

    private interface LookedAt {
        boolean isHopeless(SegmentMapping mapping);
    }

    @Test
    void await_slotIsPublishedAfterSomeLooks_afterAPauseOfAll_isTrue() throws IOException {
        AtomicInteger looks = new AtomicInteger();
        assertThat(awaits(mapping -> {
            if (looks.incrementAndGet() == 500) {
                mapping.setRelease(START, 1);
            }
            return false;
        })).isTrue();
        assertThat(looks.get()).isEqualTo(500);
    }

    @Test
    @Timeout(300)
    void await_slotStaysUnpublished_isFalse() throws IOException {
        assertThat(awaits(mapping -> false)).isFalse();
    }

    @Test
    void await_slotWillNeverBePublished_isFalseAtOnce() throws IOException {
        AtomicInteger looks = new AtomicInteger();
        assertThat(awaits(mapping -> looks.incrementAndGet() > 0)).isFalse();
        assertThat(looks.get()).isEqualTo(1);
    }
}
