/**
 * The tables of the parser of questions: made of question.grammar by `deno task build:grammar`.
 *
 * @module
 */

// deno-fmt-ignore-file
// deno-lint-ignore-file
import {LRParser} from "@lezer/lr"
const spec_Word = {__proto__:null,NOT:58, AND:74, "&&":76, OR:80, "||":82}
const spec_Bound = {__proto__:null,TO:70}
/** The parser. */
export const parser: LRParser = LRParser.deserialize({
  version: 14,
  states: "%jOVQPOOOVQPO'#C`OVQPO'#CbOOQO'#C}'#C}OwQQO'#CoO!hQQO'#CcO!oQPO'#CxOOQO'#Cx'#CxO#sQPO'#CwOOQO'#Cw'#CwO$ZQPO'#CvOOQO'#Cv'#CvQOQPOOO$iQSO'#ChOOQO,58z,58zO$qQPO,58|OOQO,59Z,59ZOOQO,58},58}OOQO'#DQ'#DQOOQO'#Cq'#CqOVQPO'#CqO$vQPO,58yOOQO'#DT'#DTOVQPO'#CrO%^QPO,58xOOQO'#DO'#DOO%lQSO,59SOOQO1G.h1G.hOOQO,59],59]OOQO-E6o-E6oOOQO,59^,59^OOQO-E6p-E6pO$iQSO1G.nO%qQPO7+$YOOQO<<Gt<<Gt",
  stateData: "&O~OiOS~OTUOWTOYROZRO]]O^]OdSOmPOnPOoQO~OX`OY`OZ`O~OYROZRO]]O^]OdSOoQO~OXaO~P!SOdSOTlXWlXYlXZlX]lX^lXglXmlXnlXolXulXvlXxlXylXplX~OubOvbOgkXxkXykXpkX~PVOxfOyfOgjXpjX~O_iO`iO~OpkO~OubOvbOgRaxRayRapRa~PVOxfOyfOgQapQa~OspO~OarObrO~OWTdn~",
  goto: "$YxPPy}!SP!]!SPPPP!iPPPPPP!sP#Q#WPPP#^#d#kPPPP!]#zP$QPP$UTZOQVXOQg_VOPQWdeg^VOPQWdegRaTaROPQTWdeg^VOPQWdegTaTUQeWRmeQhYRohQ[OR_QSYOQRngUWOQgQ^PScWeRldQj]RqpTdWeTgYh",
  nodeNames: "⚠ Question Or And Not Word Group Field FieldName Value Quoted RegExp Range From FromAbove Bound QuotedBound Through Below Comparison Operator",
  maxTerm: 41,
  skippedNodes: [0],
  repeatNodeCount: 2,
  tokenData: "MW~RtOX#cXY3yYZ3yZ]#c]^3y^p#cpq3yqr4_rs6_sw#cwx7}xy>byz?_z}#c}!O@[!O!P#c!P!QAm!Q![#c![!]'d!]!^#c!^!_Ko!_!`Ko!`!aKo!a!}#c!}#OLr#O#P1P#P#QLw#Q#o#c#o#pL|#p#q#c#q#rMR#r$f#c$f$g3y$g;'S#c;'S;=`3s<%lO#cV#lf_SXQTPOX#cZ]#c^p#cqr#csx#cxz%Qz![#c![!]&R!]!^#c!^!a'd!a!}#c!}#O-d#O#P1P#P#Q-d#Q#o#c#o#p-d#p#q#c#q#r-d#r$f#c$g;'S#c;'S;=`3s<%lO#cS%V[_SOX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QS&OP;=`<%l%QV&[b_SXQWPOX'dZ]'d^p'dqr'dsx'dxz%Qz!}'d!}#O(s#O#P*x#P#Q(s#Q#o'd#o#p(s#p#q'd#q#r(s#r$f'd$g;'S'd;'S;=`-^<%lO'dU'kb_SXQOX'dZ]'d^p'dqr'dsx'dxz%Qz!}'d!}#O(s#O#P*x#P#Q(s#Q#o'd#o#p(s#p#q'd#q#r(s#r$f'd$g;'S'd;'S;=`-^<%lO'dQ(xZXQOX(sZ](s^p(sqr(ssx(sz#O(s#O#P)k#P$f(s$g;'S(s;'S;=`*r<%lO(sQ)nRO;'S(s;'S;=`)w;=`O(sQ)|[XQOX(sZ](s^p(sqr(ssx(sz#O(s#O#P)k#P$f(s$g;'S(s;'S;=`*r;=`<%l(s<%lO(sQ*uP;=`<%l(sU*}f_SOX'dXZ(sZ]'d]^(s^p'dpq(sqr'drs(ss!}'d!}#O(s#O#P'd#P#Q(s#Q#o'd#o#p(s#p#q'd#q#r(s#r$f'd$f$g(s$g;'S'd;'S;=`,c;=`<%l(s<%lO'dU,h[XQOX(sZ](s^p(sqr(ssx(sz#O(s#O#P)k#P$f(s$g;'S(s;'S;=`*r;=`<%l'd<%lO(sU-aP;=`<%l'dR-k_XQTPOX-dZ]-d^p-dqr-dsx-dz![-d![!].j!]!^-d!^!a(s!a#O-d#O#P/d#P$f-d$g;'S-d;'S;=`0y<%lO-dR.qZXQWPOX(sZ](s^p(sqr(ssx(sz#O(s#O#P)k#P$f(s$g;'S(s;'S;=`*r<%lO(sR/gRO;'S-d;'S;=`/p;=`O-dR/w`XQTPOX-dZ]-d^p-dqr-dsx-dz![-d![!].j!]!^-d!^!a(s!a#O-d#O#P/d#P$f-d$g;'S-d;'S;=`0y;=`<%l-d<%lO-dR0|P;=`<%l-dV1Uf_SOX#cXZ-dZ]#c]^-d^p#cpq-dqr#crs-ds!}#c!}#O-d#O#P#c#P#Q-d#Q#o#c#o#p-d#p#q#c#q#r-d#r$f#c$f$g-d$g;'S#c;'S;=`2j;=`<%l-d<%lO#cV2q`XQTPOX-dZ]-d^p-dqr-dsx-dz![-d![!].j!]!^-d!^!a(s!a#O-d#O#P/d#P$f-d$g;'S-d;'S;=`0y;=`<%l#c<%lO-dV3vP;=`<%l#c~4OTi~XY3yYZ3y]^3ypq3y$f$g3yV4f^_SnPOX%QZ]%Q^p%Qqr%Qs!_%Q!_!`5b!`!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QV5i[_SdROX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QV6bVOr6_rs6ws#O6_#O#P7O#P;'S6_;'S;=`7w<%lO6_V7OOYR`SV7RRO;'S6_;'S;=`7[;=`O6_V7_WOr6_rs6ws#O6_#O#P7O#P;'S6_;'S;=`7w;=`<%l6_<%lO6_V7zP;=`<%l6_V8Sg_SOX7}XZ9kZ]7}]^9k^p7}pq9kqr7}rs9ksw7}wx;Xx!}7}!}#O9k#O#P<U#P#Q9k#Q#o7}#o#p9k#p#q7}#q#r9k#r$f7}$f$g9k$g;'S7};'S;=`>[<%lO7}R9nVOw9kwx:Tx#O9k#O#P:Y#P;'S9k;'S;=`;R<%lO9kR:YOYRR:]RO;'S9k;'S;=`:f;=`O9kR:iWOw9kwx:Tx#O9k#O#P:Y#P;'S9k;'S;=`;R;=`<%l9k<%lO9kR;UP;=`<%l9kV;`[_SYROX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QV<Zf_SOX7}XZ9kZ]7}]^9k^p7}pq9kqr7}rs9ks!}7}!}#O9k#O#P7}#P#Q9k#Q#o7}#o#p9k#p#q7}#q#r9k#r$f7}$f$g9k$g;'S7};'S;=`=o;=`<%l9k<%lO7}V=rWOw9kwx:Tx#O9k#O#P:Y#P;'S9k;'S;=`;R;=`<%l7}<%lO9kV>_P;=`<%l7}V>i[oR_SOX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QT?f[pP_SOX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QV@eb_SXQnPOX'dZ]'d^p'dqr'dsx'dxz%Qz!}'d!}#O(s#O#P*x#P#Q(s#Q#o'd#o#p(s#p#q'd#q#r(s#r$f'd$g;'S'd;'S;=`-^<%lO'dVArg_SOXCZXYDwZ]CZ]^Dw^pCZpqDwqrCZrsDws!PCZ!P!Q%Q!Q!}CZ!}#OEo#O#PI]#P#QDw#Q#oCZ#o#pDw#p#qCZ#q#rDw#r$fCZ$f$gDw$g;'SCZ;'S;=`Ki<%lOCZVC`g_SOXCZXYDwZ]CZ]^Dw^pCZpqDwqrCZrsDws!PCZ!P!QH]!Q!}CZ!}#OEo#O#PI]#P#QDw#Q#oCZ#o#pDw#p#qCZ#q#rDw#r$fCZ$f$gDw$g;'SCZ;'S;=`Ki<%lOCZRDzXOYDwZ!PDw!P!QEg!Q!}Dw!}#OEo#O#PGW#P;'SDw;'S;=`HV<%lODwRElPZR#T#oEgRErVOYEoZ#OEo#O#PFX#P#QDw#Q;'SEo;'S;=`GQ<%lOEoRF[RO;'SEo;'S;=`Fe;=`OEoRFhWOYEoZ#OEo#O#PFX#P#QDw#Q;'SEo;'S;=`GQ;=`<%lEo<%lOEoRGTP;=`<%lEoRGZRO;'SDw;'S;=`Gd;=`ODwRGgYOYDwZ!PDw!P!QEg!Q!}Dw!}#OEo#O#PGW#P;'SDw;'S;=`HV;=`<%lDw<%lODwRHYP;=`<%lDwVHd]_SZROX%QZ]%Q^p%Qqr%Qs!}%Q#O#P%Q#Q#T%Q#T#oH]#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%QVIbf_SOXCZXZDwZ]CZ]^Dw^pCZpqDwqrCZrsDws!}CZ!}#ODw#O#PCZ#P#QDw#Q#oCZ#o#pDw#p#qCZ#q#rDw#r$fCZ$f$gDw$g;'SCZ;'S;=`Jv;=`<%lDw<%lOCZVJyYOYDwZ!PDw!P!QEg!Q!}Dw!}#OEo#O#PGW#P;'SDw;'S;=`HV;=`<%lCZ<%lODwVKlP;=`<%lCZVKv^_SdROX%QZ]%Q^p%Qqr%Qs!_%Q!_!`5b!`!}%Q#O#P%Q#Q#o%Q#p#q%Q#r$f%Q$g;'S%Q;'S;=`%{<%lO%Q~LwO]~~L|Oa~~MRO^~~MWOb~",
  tokenizers: [0, 1, 2],
  topRules: {"Question":[0,1]},
  specialized: [{term: 5, get: (value: keyof typeof spec_Word) => spec_Word[value] || -1},{term: 15, get: (value: keyof typeof spec_Bound) => spec_Bound[value] || -1}],
  tokenPrec: 225
})
