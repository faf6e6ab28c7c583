package dev.streamwal.segment;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

/** Looks for bytes of a segment that break what {@link SegmentFuzzing} demands. */
class SegmentFuzzTest {

    @FuzzTest(maxDuration = "5m")
    void scan(byte[] data) throws IOException {
        int unused = SegmentFuzzing.scan(data);
    }
}
