package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link ErasureContract}. */
class ErasureTest {

    @Nested
    class Mapped extends ErasureContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends ErasureContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends ErasureContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
