package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link FollowContract}. */
class FollowTest {

    @Nested
    class Mapped extends FollowContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends FollowContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends FollowContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
