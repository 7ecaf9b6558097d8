//go:build linux

package main

import (
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// charted are the metrics that are drawn.
var charted = []metric{memory, cpu, toLast, flood, publishes}

var (
	ours   = color.RGBA{R: 0x0b, G: 0x6e, B: 0x4f, A: 0xff}
	theirs = color.RGBA{R: 0x8d, G: 0x99, B: 0xae, A: 0xff}
	bare   = color.RGBA{R: 0xd6, G: 0xd9, B: 0xde, A: 0xff}
)

// draw writes a bar chart for each of the charted metrics.
func (r *results) draw(dir string) error {
	for _, m := range charted {
		for _, c := range columns {
			if c.metric != m {
				continue
			}
			if err := r.drawOne(c, filepath.Join(dir, string(m)+".svg")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *results) drawOne(c column, file string) error {
	p := plot.New()
	p.Title.Text = c.title + ", " + c.unit
	if c.more {
		p.Title.Text += " (more is better)"
	} else {
		p.Title.Text += " (less is better)"
	}
	var names []string
	// From below upwards, so the first system comes last.
	for i := len(r.Systems) - 1; i >= 0; i-- {
		o := r.Systems[i]
		s, ok := o.Figures[c.metric]
		if !ok {
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{s.Median}, vg.Points(14))
		if err != nil {
			return err
		}
		bar.Horizontal, bar.XMin = true, float64(len(names))
		bar.LineStyle.Width = 0
		switch {
		case o.Name == "sseactor":
			bar.Color = ours
		case o.Baseline:
			bar.Color = bare
		default:
			bar.Color = theirs
		}
		label, err := plotter.NewLabels(plotter.XYLabels{
			XYs:    plotter.XYs{{X: s.Median, Y: float64(len(names))}},
			Labels: []string{" " + c.format(s.Median)},
		})
		if err != nil {
			return err
		}
		label.TextStyle[0].YAlign = -0.4
		p.Add(bar, label)
		names = append(names, o.Name+"  ") // or the bars would touch them
	}
	p.NominalY(names...)
	p.HideX() // each bar has its figure
	p.Title.Padding = vg.Points(8)
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	p.X.Min = 0
	p.X.Max *= 1.15
	return p.Save(18*vg.Centimeter, vg.Length(len(names)+2)*0.9*vg.Centimeter, file)
}
