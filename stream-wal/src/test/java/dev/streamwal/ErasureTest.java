package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link ErasureContract}. */
class ErasureTest {

    @Nested
    class Mapped extends ErasureContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends ErasureContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends ErasureContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
