package dev.streamwal.bench.compare;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.internal.chartpart.Chart;

/** Panels side by side, two in a row, in one picture that stays sharp when it is projected. */
final class ChartSheet {

    private static final int SCALE = 2;
    private static final int MARGIN = 12;

    private ChartSheet() {}

    static void write(List<Chart<?, ?>> panels, Path file) throws IOException {
        int columns = Math.min(2, panels.size());
        int rows = (panels.size() + columns - 1) / columns;
        int width = panels.get(0).getWidth() + MARGIN;
        int height = panels.get(0).getHeight() + MARGIN;
        BufferedImage image = new BufferedImage(SCALE * (columns * width + MARGIN), SCALE * (rows * height + MARGIN), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.scale(SCALE, SCALE);
            AffineTransform origin = graphics.getTransform();
            for (int i = 0; i < panels.size(); i++) {
                graphics.setTransform(origin);
                graphics.translate(MARGIN + i % columns * width, MARGIN + i / columns * height);
                panels.get(i).paint(graphics, panels.get(i).getWidth(), panels.get(i).getHeight());
            }
        } finally {
            graphics.dispose();
        }
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("no writer for PNG: file=" + file);
        }
    }
}
