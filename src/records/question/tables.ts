/**
 * The tables of the parser of questions: made of question.grammar by `deno task build:grammar`.
 *
 * @module
 */

// deno-fmt-ignore-file
// deno-lint-ignore-file
import {LRParser} from "@lezer/lr"
const spec_Word = {__proto__:null,OR:52, "||":54, AND:58, "&&":60, NOT:62}
const spec_Bound = {__proto__:null,TO:74}
/** The parser. */
export const parser: LRParser = LRParser.deserialize({
  version: 14,
  states: "$bOVQPOOQwQPOOOVQPO'#CaOVQPO'#CbOOQO'#DP'#DPO!XQQO'#CoO!uQQO'#CcOOQO'#Ct'#CtO!|QSO'#ChOOQO'#Cu'#CuOOQO,58z,58zOVQPO,58xOOQO'#Cx'#CxOVQPO,58zOOQO,58{,58{O#UQPO,58|OOQO,59Z,59ZOOQO,58},58}OOQO'#DQ'#DQO#iQSO,59SO#nQPO1G.dOOQO1G.f1G.fOOQO1G.h1G.hO!|QSO1G.nO$UQPO7+$YOOQO<<Gt<<Gt",
  stateData: "$a~OgOS~ORVOWUOYSOZSO]WO^WOdTOoQOpQOqRO~OjXOkXOm[On[O~PVOX`OY`O~OYSOZSO]WO^WOdTOqRO~OXaO~P!aO_bO`bO~OjXOkXOm[On[OrfO~PVOugO~Om[On[OeQijQikQirQi~PVOaiObiO~OWR~",
  goto: "#_uPPvPvv!QvPPPP!_PPPPPP!QPPPP!j#OPP#SPPPPPP!Q#XaVOPQRZ]_d`VOPQRZ]_dRaUcSOPQRUZ]_dQPOUYP_dQ^QQ_RQdZRe]TZP_V]P_dQcWRhg",
  nodeNames: "⚠ Question Or Word And Not Group Field FieldName Value Quoted RegExp Range From FromAbove Bound QuotedBound Through Below Comparison Operator",
  maxTerm: 37,
  skippedNodes: [0],
  repeatNodeCount: 0,
  tokenData: "Kk~RtOX#cXY3aYZ3aZ]#c]^3a^p#cpq3aqr3urs5Wsw#cwx6vxy=Zyz>Wz}#c}!O3u!O!P#c!P!Q?T!Q![#c![!]'^!]!^#c!^!_IV!_!`JY!`!aIV!a!}#c!}#OKV#O#P0m#P#QK[#Q#o#c#o#pKa#p#q#c#q#rKf#r$f#c$f$g3a$g;'S#c;'S;=`3Z<%lO#cV#ld_SXQRPOX#cZ]#c^p#cqr#csx#cxz$zz![#c![!]%{!]!}#c!}#O-^#O#P0m#P#Q-^#Q#o#c#o#p-^#p#q#c#q#r-^#r$f#c$g;'S#c;'S;=`3Z<%lO#cS%P[_SOX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zS%xP;=`<%l$zV&Ub_SXQWPOX'^Z]'^^p'^qr'^sx'^xz$zz!}'^!}#O(m#O#P*r#P#Q(m#Q#o'^#o#p(m#p#q'^#q#r(m#r$f'^$g;'S'^;'S;=`-W<%lO'^U'eb_SXQOX'^Z]'^^p'^qr'^sx'^xz$zz!}'^!}#O(m#O#P*r#P#Q(m#Q#o'^#o#p(m#p#q'^#q#r(m#r$f'^$g;'S'^;'S;=`-W<%lO'^Q(rZXQOX(mZ](m^p(mqr(msx(mz#O(m#O#P)e#P$f(m$g;'S(m;'S;=`*l<%lO(mQ)hRO;'S(m;'S;=`)q;=`O(mQ)v[XQOX(mZ](m^p(mqr(msx(mz#O(m#O#P)e#P$f(m$g;'S(m;'S;=`*l;=`<%l(m<%lO(mQ*oP;=`<%l(mU*wf_SOX'^XZ(mZ]'^]^(m^p'^pq(mqr'^rs(ms!}'^!}#O(m#O#P'^#P#Q(m#Q#o'^#o#p(m#p#q'^#q#r(m#r$f'^$f$g(m$g;'S'^;'S;=`,];=`<%l(m<%lO'^U,b[XQOX(mZ](m^p(mqr(msx(mz#O(m#O#P)e#P$f(m$g;'S(m;'S;=`*l;=`<%l'^<%lO(mU-ZP;=`<%l'^R-e]XQRPOX-^Z]-^^p-^qr-^sx-^z![-^![!].^!]#O-^#O#P/W#P$f-^$g;'S-^;'S;=`0g<%lO-^R.eZXQWPOX(mZ](m^p(mqr(msx(mz#O(m#O#P)e#P$f(m$g;'S(m;'S;=`*l<%lO(mR/ZRO;'S-^;'S;=`/d;=`O-^R/k^XQRPOX-^Z]-^^p-^qr-^sx-^z![-^![!].^!]#O-^#O#P/W#P$f-^$g;'S-^;'S;=`0g;=`<%l-^<%lO-^R0jP;=`<%l-^V0rf_SOX#cXZ-^Z]#c]^-^^p#cpq-^qr#crs-^s!}#c!}#O-^#O#P#c#P#Q-^#Q#o#c#o#p-^#p#q#c#q#r-^#r$f#c$f$g-^$g;'S#c;'S;=`2W;=`<%l-^<%lO#cV2_^XQRPOX-^Z]-^^p-^qr-^sx-^z![-^![!].^!]#O-^#O#P/W#P$f-^$g;'S-^;'S;=`0g;=`<%l#c<%lO-^V3^P;=`<%l#c~3fTg~XY3aYZ3a]^3apq3a$f$g3aV4Ob_SXQpPOX'^Z]'^^p'^qr'^sx'^xz$zz!}'^!}#O(m#O#P*r#P#Q(m#Q#o'^#o#p(m#p#q'^#q#r(m#r$f'^$g;'S'^;'S;=`-W<%lO'^V5ZVOr5Wrs5ps#O5W#O#P5w#P;'S5W;'S;=`6p<%lO5WV5wOYR`SV5zRO;'S5W;'S;=`6T;=`O5WV6WWOr5Wrs5ps#O5W#O#P5w#P;'S5W;'S;=`6p;=`<%l5W<%lO5WV6sP;=`<%l5WV6{g_SOX6vXZ8dZ]6v]^8d^p6vpq8dqr6vrs8dsw6vwx:Qx!}6v!}#O8d#O#P:}#P#Q8d#Q#o6v#o#p8d#p#q6v#q#r8d#r$f6v$f$g8d$g;'S6v;'S;=`=T<%lO6vR8gVOw8dwx8|x#O8d#O#P9R#P;'S8d;'S;=`9z<%lO8dR9ROYRR9URO;'S8d;'S;=`9_;=`O8dR9bWOw8dwx8|x#O8d#O#P9R#P;'S8d;'S;=`9z;=`<%l8d<%lO8dR9}P;=`<%l8dV:X[_SYROX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zV;Sf_SOX6vXZ8dZ]6v]^8d^p6vpq8dqr6vrs8ds!}6v!}#O8d#O#P6v#P#Q8d#Q#o6v#o#p8d#p#q6v#q#r8d#r$f6v$f$g8d$g;'S6v;'S;=`<h;=`<%l8d<%lO6vV<kWOw8dwx8|x#O8d#O#P9R#P;'S8d;'S;=`9z;=`<%l6v<%lO8dV=WP;=`<%l6vV=b[qR_SOX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zT>_[rP_SOX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zV?Yg_SOX@qXYB_Z]@q]^B_^p@qpqB_qr@qrsB_s!P@q!P!Q$z!Q!}@q!}#OCV#O#PFs#P#QB_#Q#o@q#o#pB_#p#q@q#q#rB_#r$f@q$f$gB_$g;'S@q;'S;=`IP<%lO@qV@vg_SOX@qXYB_Z]@q]^B_^p@qpqB_qr@qrsB_s!P@q!P!QEs!Q!}@q!}#OCV#O#PFs#P#QB_#Q#o@q#o#pB_#p#q@q#q#rB_#r$f@q$f$gB_$g;'S@q;'S;=`IP<%lO@qRBbXOYB_Z!PB_!P!QB}!Q!}B_!}#OCV#O#PDn#P;'SB_;'S;=`Em<%lOB_RCSPZR#T#oB}RCYVOYCVZ#OCV#O#PCo#P#QB_#Q;'SCV;'S;=`Dh<%lOCVRCrRO;'SCV;'S;=`C{;=`OCVRDOWOYCVZ#OCV#O#PCo#P#QB_#Q;'SCV;'S;=`Dh;=`<%lCV<%lOCVRDkP;=`<%lCVRDqRO;'SB_;'S;=`Dz;=`OB_RD}YOYB_Z!PB_!P!QB}!Q!}B_!}#OCV#O#PDn#P;'SB_;'S;=`Em;=`<%lB_<%lOB_REpP;=`<%lB_VEz]_SZROX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#T$z#T#oEs#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zVFxf_SOX@qXZB_Z]@q]^B_^p@qpqB_qr@qrsB_s!}@q!}#OB_#O#P@q#P#QB_#Q#o@q#o#pB_#p#q@q#q#rB_#r$f@q$f$gB_$g;'S@q;'S;=`H^;=`<%lB_<%lO@qVHaYOYB_Z!PB_!P!QB}!Q!}B_!}#OCV#O#PDn#P;'SB_;'S;=`Em;=`<%l@q<%lOB_VISP;=`<%l@qVI^^_SdROX$zZ]$z^p$zqr$zs!_$z!_!`JY!`!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$zVJa[_SdROX$zZ]$z^p$zqr$zs!}$z#O#P$z#Q#o$z#p#q$z#r$f$z$g;'S$z;'S;=`%u<%lO$z~K[O]~~KaOa~~KfO^~~KkOb~",
  tokenizers: [0, 1, 2],
  topRules: {"Question":[0,1]},
  specialized: [{term: 3, get: (value: keyof typeof spec_Word) => spec_Word[value] || -1},{term: 15, get: (value: keyof typeof spec_Bound) => spec_Bound[value] || -1}],
  tokenPrec: 152
})
