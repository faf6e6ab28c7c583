package dev.streamwal.pack;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

/** Looks for bytes of a pack that break what {@link PackFuzzing} demands. */
class PackFuzzTest {

    @FuzzTest(maxDuration = "5m")
    void scan(byte[] data) throws IOException {
        int unused = PackFuzzing.scan(data);
    }
}
