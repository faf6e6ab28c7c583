package dev.streamwal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.StreamKey;
import dev.streamwal.format.Window;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.VoidRange;
import dev.streamwal.pack.CoveredPack;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyCatalogTest {

    private static final StreamKey KEY = StreamKey.of("key");

    private static ListedPack pack(long number) {
        return new ListedPack(number, new Window(0, 1_000), 2_000, ListedPack.OTHER_OPTIONS, 0, false, 100 * number, 10 * number, 50);
    }

    private static CoveredPack covered(long number) {
        return new CoveredPack(number, 100 * number, 10 * number);
    }

    private static Manifest manifest(ListedPack... packs) {
        return Manifest.EMPTY.with(List.of(packs));
    }

    @Test
    void covers_aPackThatIsListedAsItSays_itDoes() {
        Manifest manifest = manifest(pack(1), pack(2));
        KeyCatalog catalog = new KeyCatalog(manifest, List.of(covered(1)), manifest.edits());
        assertThat(catalog.covers(pack(1))).isTrue();
        assertThat(catalog.covers(pack(2))).isFalse();
        assertThat(catalog.pack(0)).contains(pack(1));
        assertThat(catalog.coversAll()).isFalse();
        assertThat(new KeyCatalog(manifest, List.of(covered(1), covered(2)), manifest.edits()).coversAll()).isTrue();
        assertThat(catalog.counts(KEY, 0, 0)).isTrue();
    }

    @Test
    void covers_writtenByALaterManifest_isNotUsed() {
        // what was void by then may have been left out
        Manifest manifest = manifest(pack(1));
        KeyCatalog catalog = new KeyCatalog(manifest, List.of(covered(1)), manifest.edits() + 1);
        assertThat(catalog.covers(pack(1))).isFalse();
        assertThat(catalog.isEmpty()).isTrue();
    }

    @Test
    void covers_writtenByAnEarlierManifest_isUsedForPacksThatAreStillListed() {
        Manifest before = manifest(pack(1), pack(2));
        Manifest manifest = before.replaced(List.of(pack(3)), List.of(2L), before);
        KeyCatalog catalog = new KeyCatalog(manifest, List.of(covered(1), covered(2)), before.edits());
        assertThat(catalog.covers(pack(1))).isTrue();
        assertThat(catalog.covers(pack(3))).isFalse();
        assertThat(catalog.pack(1)).isEmpty();
        assertThat(catalog.counts(KEY, 1, 0)).isFalse();
    }

    @Test
    void covers_anotherPackWithTheNumber_isNotUsed() {
        Manifest manifest = manifest(pack(1));
        assertThat(new KeyCatalog(manifest, List.of(new CoveredPack(1, 101, 10)), 1).isEmpty()).isTrue();
        assertThat(new KeyCatalog(manifest, List.of(new CoveredPack(1, 100, 11)), 1).isEmpty()).isTrue();
    }

    @Test
    void counts_whatIsVoidInThePack_doesNot() {
        Manifest manifest = manifest(pack(1)).voided(List.of(new VoidRange(KEY, 0, 500, 2, 0)));
        KeyCatalog catalog = new KeyCatalog(manifest, List.of(covered(1)), 1);
        assertThat(catalog.counts(KEY, 0, 499)).isFalse();
        assertThat(catalog.counts(KEY, 0, 500)).isTrue();
        assertThat(catalog.counts(StreamKey.of("other"), 0, 0)).isTrue();
    }
}
