package dev.streamwal;

import org.junit.jupiter.api.Nested;

/** See {@link AppendContract}. */
class AppendTest {

    @Nested
    class Mapped extends AppendContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    class Channel extends AppendContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends AppendContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
