package dev.streamwal.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.KeyScope;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A retention that is shorter now than when segments were begun brings their expirations forward, and a longer one changes nothing. */
class PresentRetentionTest {

    private static final ExpiryPlan.Segment SEGMENT = new ExpiryPlan.Segment(0, 2_000, 1_000, 50, true);
    private static final PresentRetention NOT_APPLIED = new PresentRetention(100, 1_000, key -> key.equals("b") ? 1_000 : 100);
    private static final PresentRetention SHORTER = NOT_APPLIED.appliedTo(KeyScope.key("a")).appliedTo(KeyScope.key("b"));

    private static ExpiryPlan.Stream stream(String key) {
        return new ExpiryPlan.Stream(key, 7, List.of(SEGMENT, new ExpiryPlan.Segment(8, 3_000, 2_500, 60, false)));
    }

    private static long due(String key, long expiration) {
        ExpiryPlan.Segment segment = SEGMENT.withExpiration(expiration);
        HeldBack.Due due = SHORTER.of(new HeldBack.Due(new ExpiryPlan.Deletion(key, segment, ExpiryPlan.Cause.EXPIRED), 99));
        assertThat(due.endPosition()).isEqualTo(99);
        assertThat(due.deletion().key()).isEqualTo(key);
        assertThat(due.deletion().cause()).isEqualTo(ExpiryPlan.Cause.EXPIRED);
        return due.deletion().segment().expirationMillis();
    }

    private static List<Long> expirations(ExpiryPlan.Stream stream) {
        return stream.segments().stream().map(ExpiryPlan.Segment::expirationMillis).toList();
    }

    @Test
    void shortensAny_whereAStreamHasAShorterOne() {
        assertThat(SHORTER.shortensAny()).isTrue();
        assertThat(NOT_APPLIED.shortensAny()).isFalse();
        assertThat(NOT_APPLIED.of(stream("a"))).isEqualTo(stream("a"));
        assertThat(NOT_APPLIED.ofPacks(stream(""))).isEqualTo(stream(""));
    }

    @Test
    void appliedTo_keepsTheLastOnes_orAll() {
        PresentRetention applied = NOT_APPLIED;
        for (int i = 0; i <= PresentRetention.MAX_SCOPES; i++) {
            applied = applied.appliedTo(KeyScope.key("k/" + i)).appliedTo(KeyScope.key("a"));
        }
        assertThat(applied.scopes()).hasSize(PresentRetention.MAX_SCOPES).endsWith(KeyScope.key("k/16"), KeyScope.key("a"))
                .doesNotContain(KeyScope.key("k/0"), KeyScope.key("k/1")).contains(KeyScope.key("k/2"));
        assertThat(applied.appliedTo(KeyScope.all()).scopes()).containsExactly(KeyScope.all());
        assertThat(applied.appliedTo(KeyScope.all()).appliedTo(KeyScope.key("a")).scopes()).containsExactly(KeyScope.all());
    }

    @Test
    void streams_expireByTheirOwnRetention_neverLaterThanTheyWereBegunWith() {
        assertThat(expirations(SHORTER.of(stream("a")))).containsExactly(1_100L, 2_600L);
        assertThat(expirations(SHORTER.of(stream("b")))).containsExactly(2_000L, 3_000L);
        assertThat(SHORTER.of(stream("c"))).isEqualTo(stream("c"));
        assertThat(SHORTER.of(stream("a")).key()).isEqualTo("a");
        assertThat(SHORTER.of(stream("a")).maxBytes()).isEqualTo(7);
    }

    @Test
    void packs_expireByTheShortest() {
        assertThat(expirations(SHORTER.ofPacks(stream("")))).containsExactly(1_100L, 2_600L);
    }

    @Test
    void segmentInAPack_expiresByItsStreams() {
        assertThat(due("a", 2_000)).isEqualTo(1_100);
        assertThat(due("a", 1_100)).isEqualTo(1_100);
        assertThat(due("a", 1_050)).isEqualTo(1_050);
        assertThat(due("c", 2_000)).isEqualTo(2_000);
    }
}
