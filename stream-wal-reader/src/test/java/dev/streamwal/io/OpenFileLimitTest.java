package dev.streamwal.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class OpenFileLimitTest {

    private static final String LIMITS =
            """
            Limit                     Soft Limit           Hard Limit           Units     \s
            Max cpu time              unlimited            unlimited            seconds   \s
            Max processes             94968                94968                processes \s
            Max open files            20000                1048576              files     \s
            Max locked memory         8388608              8388608              bytes     \s
            """;

    @Test
    void parse_linuxFile_isTheSoftLimit() {
        assertThat(OpenFileLimit.parse(LIMITS)).hasValue(20_000);
    }

    @Test
    void parse_unlimitedOrUnknown_isEmpty() {
        assertThat(OpenFileLimit.parse(LIMITS.replace("20000  ", "unlimited"))).isEmpty();
        assertThat(OpenFileLimit.parse(LIMITS.replace("20000", "9".repeat(30)))).isEmpty();
        assertThat(OpenFileLimit.parse("Max open files")).isEmpty();
        assertThat(OpenFileLimit.parse("")).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void ofThisProcess_onLinux_isPositive() {
        OpenFileLimit.ofThisProcess().ifPresent(limit -> assertThat(limit).isPositive());
    }
}
