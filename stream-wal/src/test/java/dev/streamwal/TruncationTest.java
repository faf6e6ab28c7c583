package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link TruncationContract}. */
class TruncationTest {

    @Nested
    class Mapped extends TruncationContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends TruncationContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends TruncationContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
