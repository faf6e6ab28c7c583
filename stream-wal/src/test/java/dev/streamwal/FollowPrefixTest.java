package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link FollowPrefixContract}. */
class FollowPrefixTest {

    @Nested
    class Mapped extends FollowPrefixContract {
        Mapped() {
            super(LogHome.mapped());
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends FollowPrefixContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends FollowPrefixContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
