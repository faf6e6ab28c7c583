package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link TruncationContract}. */
class TruncationTest {

    @Nested
    class Mapped extends TruncationContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends TruncationContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends TruncationContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
