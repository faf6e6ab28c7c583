package dev.streamwal.journal;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

/** Looks for bytes of a journal or a frontier that break what {@link JournalFuzzing} demands. */
class JournalFuzzTest {

    @FuzzTest(maxDuration = "5m")
    void scan(byte[] data) throws IOException {
        JournalFuzzing.scan(data);
    }
}
