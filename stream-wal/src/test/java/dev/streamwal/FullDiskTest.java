package dev.streamwal;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** See {@link FullDiskContract}. On the disk by a file system of its own, which only root can have. */
class FullDiskTest {

    @Nested
    class Mapped extends FullDiskContract {
        Mapped() {
            super(LogHome.small(Storage.MAPPED, DISK_BYTES));
        }
    }

    @Nested
    @Tag("portable")
    class Channel extends FullDiskContract {
        Channel() {
            super(LogHome.small(Storage.CHANNEL, DISK_BYTES));
        }
    }

    @Nested
    @Tag("portable")
    class OnJimfs extends FullDiskContract {
        OnJimfs() {
            super(LogHome.jimfs(DISK_BYTES));
        }
    }
}
