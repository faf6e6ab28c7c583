package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link ConsumerContract}. */
class ConsumerTest {

    @Nested
    class Mapped extends ConsumerContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends ConsumerContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends ConsumerContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
