package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link DamageContract}. Every byte in memory, where it is quick, and some of them on the disk; fewer of both where tests are shortened. */
class DamageTest {

    private static final int SOME = Scale.isShortened() ? 83 : 41;

    @Nested
    class Mapped extends DamageContract {
        Mapped() {
            super(LogHome.mapped(), SOME);
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends DamageContract {
        Channel() {
            super(LogHome.channel(), SOME);
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends DamageContract {
        OnJimfs() {
            super(LogHome.jimfs(), Scale.isShortened() ? 11 : 1);
        }
    }
}
