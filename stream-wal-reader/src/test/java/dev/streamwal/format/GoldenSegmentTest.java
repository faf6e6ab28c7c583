package dev.streamwal.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.format.RecordView.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The layouts against a file written once: what a release has written, later versions read. */
class GoldenSegmentTest {

    private record Found(int offset, int size, int flags, int previousSize, long timestampMillis, String header,
            String content) {}

    private final RecordView view = new RecordView();

    @Test
    void encode_theGoldenSegment_givesTheFileByteForByte() throws IOException {
        byte[] built = GoldenSegment.build();
        if (!Arrays.equals(built, GoldenSegment.file())) {
            Path now = Files.write(ProjectFiles.module().resolve("target").resolve(GoldenSegment.FILE_NAME), built);
            throw new AssertionError("the layouts write other bytes than " + GoldenSegment.FILE_NAME + " from offset "
                    + Arrays.mismatch(built, GoldenSegment.file()) + " on; what they write now: " + now);
        }
    }

    @Test
    void decode_theGoldenFile_givesWhatWasWritten() throws FormatException {
        ByteBuffer file = Samples.littleEndian(GoldenSegment.file());
        SegmentHeader header = SegmentHeaderLayout.decode(file, file.limit());
        assertThat(header).isEqualTo(GoldenSegment.HEADER);
        assertThat(header.headerLength()).isEqualTo(GoldenSegment.FIRST);
        assertThat(header.name().fileName()).isEqualTo("0000001000000000_1767834000000.seg");
        assertThat(header.key().directoryName()).isEqualTo("sensor%2fa");

        int footerStart = FooterLayout.startOffset(header, file.limit(), file.getLong(file.limit() - Long.BYTES));
        List<Found> found = forward(file, header, footerStart);

        long start = GoldenSegment.WINDOW_START;
        assertThat(found).containsExactly(
                new Found(112, 40, 0, 0, start + 1_000, "unit=C", "21"),
                new Found(152, 48, 0, 40, start + 2_000, "unit=C", "21.75"),
                new Found(200, 40, RecordLayout.BATCH, 48, 0, "", "\2\0\0\0P\0\0\0"),
                new Found(240, 40, RecordLayout.MEMBER, 40, start + 3_000, "", "22.125"),
                new Found(280, 40, RecordLayout.MEMBER, 40, start + 2_500, "", "22.25"),
                new Found(320, 48, RecordLayout.PADDING, 40, 0, "", "\0".repeat(16)));
        assertThat(footerStart).isEqualTo(368);
        assertThat(header.mark()).isEqualTo(320);
    }

    @Test
    void decode_theGoldenFootersIndex_coversDataRecordsOnly() throws FormatException {
        ByteBuffer file = Samples.littleEndian(GoldenSegment.file());

        Footer footer = footer(file, GoldenSegment.HEADER);

        assertThat(footer.dataEnd()).isEqualTo(GoldenSegment.DATA_END);
        SegmentIndex index = footer.index();
        assertThat(index.records()).isEqualTo(4);
        assertThat(index.blocks()).isOne();
        assertThat(index.firstOffset(0)).isEqualTo(GoldenSegment.FIRST);
        assertThat(index.smallestTimestampMillis()).isEqualTo(index.smallestTimestampMillis(0))
                .isEqualTo(GoldenSegment.WINDOW_START + 1_000);
        assertThat(index.largestTimestampMillis()).isEqualTo(index.largestTimestampMillis(0))
                .isEqualTo(GoldenSegment.WINDOW_START + 3_000);
    }

    @Test
    void previousSize_fromTheGoldenFooter_leadsBackToTheFirstRecord() throws FormatException {
        ByteBuffer file = Samples.littleEndian(GoldenSegment.file());
        Footer footer = footer(file, GoldenSegment.HEADER);
        List<Integer> offsets = new ArrayList<>();
        int offset = footer.dataEnd();
        for (int back = footer.lastRecordSize(); back != 0; back = view.previousSize()) {
            offset -= back;
            offsets.add(offset);
            assertThat(check(file, GoldenSegment.HEADER, offset)).isEqualTo(Verdict.VALID);
        }
        assertThat(offsets).containsExactly(320, 280, 240, 200, 152, 112);
    }

    private List<Found> forward(ByteBuffer file, SegmentHeader header, int end) {
        List<Found> found = new ArrayList<>();
        for (int offset = header.headerLength(); offset < end; offset += view.frameBytes()) {
            assertThat(check(file, header, offset)).as("offset %d", offset).isEqualTo(Verdict.VALID);
            found.add(new Found(offset, view.frameBytes(), view.flags(), view.previousSize(), view.timestampMillis(),
                    text(file, view.headerIndex(), view.headerLength()),
                    text(file, view.contentIndex(), view.contentLength())));
        }
        return found;
    }

    private Footer footer(ByteBuffer file, SegmentHeader header) throws FormatException {
        int start = FooterLayout.startOffset(header, file.limit(), file.getLong(file.limit() - Long.BYTES));
        assertThat(check(file, header, start)).isEqualTo(Verdict.VALID);
        return FooterLayout.decode(view, file, start, header);
    }

    private Verdict check(ByteBuffer file, SegmentHeader header, int offset) {
        return view.check(file, offset, file.limit() - offset, header.positionAt(offset), header.salt());
    }

    private static String text(ByteBuffer file, int index, int length) {
        return new String(file.array(), index, length, StandardCharsets.UTF_8);
    }
}
