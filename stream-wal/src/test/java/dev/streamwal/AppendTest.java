package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link AppendContract}. */
class AppendTest {

    @Nested
    class Mapped extends AppendContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends AppendContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends AppendContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
