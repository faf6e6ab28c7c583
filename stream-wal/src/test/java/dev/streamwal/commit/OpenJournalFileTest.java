package dev.streamwal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a journal file remembers of what stands in it. */
class OpenJournalFileTest {

    private final OpenJournalFile file = new OpenJournalFile(Path.of("not there"), 1 << 20);
    private final List<FakeStream> streams = new ArrayList<>();

    private FakeStream mention() {
        FakeStream stream = new FakeStream("s" + streams.size());
        streams.add(stream);
        assertThat(file.mention(stream.activeSegment())).as("numbers go on, whatever was forgotten").isEqualTo(file.mentions());
        return stream;
    }

    @Test
    void forgetGone_ofStreamsThatComeAndGo_keepsFewAndAllThatStay() {
        file.reuse(1);
        List<CommitSegment> stay = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            file.forgetGone();
            FakeStream stream = mention();
            if (i % 100 == 0) {
                stay.add(stream.activeSegment());
            } else {
                stream.delete();
            }
            assertThat(file.mentioned()).hasSizeLessThan(2_048);
        }
        assertThat(file.mentions()).isEqualTo(50_000);
        assertThat(file.mentioned()).containsAll(stay);
        assertThat(stay).extracting(segment -> segment.mentionedAs).startsWith(1, 101, 201);
        file.reuse(2);
        assertThat(file.mentioned()).isEmpty();
        assertThat(file.mentions()).isZero();
    }

    @Test
    void forgetMentions_behindSegmentsThatWereForgotten_dropsThoseOfTheBlockAlone() {
        file.reuse(1);
        for (int i = 0; i < 3_000; i++) {
            mention().delete();
        }
        CommitSegment before = mention().activeSegment();
        file.forgetGone();
        assertThat(file.mentioned()).containsExactly(before);
        int mentions = file.mentions();
        CommitSegment dropped = mention().activeSegment();
        file.forgetMentions(mentions);
        assertThat(file.mentioned()).containsExactly(before);
        assertThat(before.mentionedIn).isEqualTo(1);
        assertThat(dropped.mentionedIn).isZero();
        assertThat(file.mention(dropped)).as("the number is free again").isEqualTo(mentions + 1);
    }
}
